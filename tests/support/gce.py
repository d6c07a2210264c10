"""A double of Google's compute API: one zone's disks and instances, over HTTP on loopback, with state.

An operation is done when its `gate` is open, and only then changes anything; a machine notices what was attached to
it by a link, as udev makes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATIENCE = 30.0
PROJECT, ZONE = "project-1", "zone-1"
_PREFIX = f"/compute/v1/projects/{PROJECT}/zones/{ZONE}/"

Body = dict[str, Any]


class Failure(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}


@dataclass
class Operation:
    """Something that Google has been asked to do."""

    name: str
    instance: str
    disk: str
    mode: str = ""
    """Empty to detach."""
    done: bool = False
    error: Body = field(default_factory=dict)

    def body(self) -> Body:
        status = "DONE" if self.done else "RUNNING"
        target = f"https://host{_PREFIX}instances/{self.instance}"
        return {
            "name": self.name,
            "status": status,
            "targetLink": target,
            **({"error": {"errors": [self.error]}} if self.error else {}),
        }


class Compute:
    """The zone."""

    def __init__(self, by_id: Path) -> None:
        self.disks = {"data", "boot"}
        self.instances: dict[str, dict[str, str]] = {"one": {"boot": "READ_WRITE"}, "two": {}}
        """The mode of each disk that an instance has."""
        self.gate = Event()
        self.gate.set()
        self.asked: list[str] = []
        """What was called, in order; waiting for operations aside."""
        self.waited = Event()
        """Set when somebody waits for an operation."""
        self.quota = False
        self.by_id = by_id
        self._operations: dict[str, Operation] = {}
        self._lock = Lock()

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Body) -> Body:
        match method, path.removeprefix(_PREFIX).split("/"):
            case "GET", ["instances", name]:
                self.asked.append("get")
                return self._instance(name)
            case "POST", ["instances", name, "attachDisk"]:
                self.asked.append("attach")
                return self._begin(name, body["source"].rpartition("/")[2], body["mode"])
            case "POST", ["instances", name, "detachDisk"]:
                self.asked.append("detach")
                return self._begin(name, query["deviceName"][0], "")
            case "GET", ["operations"]:
                return {"items": [one.body() for one in self._operations.values() if not one.done]}
            case "POST", ["operations", name, "wait"]:
                self.waited.set()
                return self._wait(name)
        raise Failure(404, "notFound", f"there is no {method} {path}")

    def _instance(self, name: str) -> Body:
        if name not in self.instances:
            raise Failure(404, "notFound", f"The resource '{_PREFIX}instances/{name}' was not found")
        disks = [
            {"source": f"https://host{_PREFIX}disks/{disk}", "deviceName": disk, "mode": mode, "boot": disk == "boot"}
            for disk, mode in self.instances[name].items()
        ]
        return {"name": name, "disks": disks}

    def _begin(self, instance: str, disk: str, mode: str) -> Body:
        self._instance(instance)
        if mode and disk not in self.disks:
            raise Failure(404, "notFound", f"The resource '{_PREFIX}disks/{disk}' was not found")
        if self.quota:
            raise Failure(403, "rateLimitExceeded", "Quota exceeded for quota metric 'Queries'")
        operation = Operation(f"operation-{len(self._operations)}", instance, disk, mode)
        self._operations[operation.name] = operation
        if self.gate.is_set():
            self._finish(operation)
        return operation.body()

    def _wait(self, name: str) -> Body:
        operation = self._operations[name]
        if self.gate.wait(PATIENCE):
            self._finish(operation)
        return operation.body()

    def _finish(self, operation: Operation) -> None:
        with self._lock:
            if operation.done:
                return
            operation.done = True
            link = self.by_id / f"google-{operation.disk}"
            if not operation.mode:
                del self.instances[operation.instance][operation.disk]
                link.unlink(missing_ok=True)
            elif user := self._rival(operation):
                message = f"The disk resource 'disks/{operation.disk}' is already being used by 'instances/{user}'"
                operation.error = {"code": "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", "message": message}
            else:
                self.instances[operation.instance][operation.disk] = operation.mode
                link.symlink_to("/dev/null")

    def _rival(self, operation: Operation) -> str:
        users = {name: disks[operation.disk] for name, disks in self.instances.items() if operation.disk in disks}
        return next((name for name, mode in users.items() if "READ_WRITE" in (mode, operation.mode)), "")


@contextmanager
def running_compute(by_id: Path) -> Iterator[tuple[Compute, str]]:
    """Run the API, and get it with its address."""
    compute = Compute(by_id)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                answer = compute.answer(self.command, url.path, parse_qs(url.query), json.loads(content or b"{}"))
                self._send(200, answer)
            except Failure as failure:
                self._send(failure.status, failure.body)

        do_POST = do_GET

        def _send(self, status: int, answer: Body) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        # A kept connection must not keep the test.
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield compute, f"http://127.0.0.1:{server.server_port}"
        finally:
            compute.gate.set()
            server.shutdown()
            thread.join()
