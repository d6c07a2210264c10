"""A registry on loopback that has one image, for pulls that succeed, and for some that do not."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass
class Conduct:
    """How the registry behaves; it may be changed at any time."""

    login: str = ""
    """The user:password that it wants."""
    has_image: bool = True
    flowing: threading.Event = field(default_factory=threading.Event)
    """Until this is set no layer is sent."""

    def __post_init__(self) -> None:
        self.flowing.set()


@contextmanager
def serve(layer: bytes, architecture: str, entrypoint: Sequence[str], conduct: Conduct | None = None) -> Iterator[str]:
    """Serve an image of one layer, and give its name."""
    blobs = _blobs(layer, architecture, entrypoint)
    manner = conduct or Conduct()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            status, kind, content = self._choose()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Docker-Content-Digest", _digest(content))
            if status == HTTPStatus.UNAUTHORIZED:
                self.send_header("WWW-Authenticate", 'Basic realm="test"')
            self.end_headers()
            if with_body:
                if content == layer:
                    manner.flowing.wait()
                self.wfile.write(content)

        def _choose(self) -> tuple[int, str, bytes]:
            if manner.login and self.headers.get("Authorization") != _basic(manner.login):
                return HTTPStatus.UNAUTHORIZED, *_problem("UNAUTHORIZED", "authentication required")
            kind, content = blobs.get(self.path.rpartition("/")[2], ("application/json", b"{}"))
            if "/manifests/" in self.path and not manner.has_image:
                return HTTPStatus.NOT_FOUND, *_problem("MANIFEST_UNKNOWN", "manifest unknown")
            return HTTPStatus.OK, kind, content

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"127.0.0.1:{server.server_port}/peapod-test/pulled:1"
        finally:
            manner.flowing.set()
            server.shutdown()


def _basic(login: str) -> str:
    return f"Basic {base64.b64encode(login.encode()).decode()}"


def _problem(code: str, message: str) -> tuple[str, bytes]:
    return "application/json", json.dumps({"errors": [{"code": code, "message": message}]}).encode()


def _blobs(layer: bytes, architecture: str, entrypoint: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """Make all that the image consists of, each under the last part of its path."""
    config = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Entrypoint": list(entrypoint)},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _reference("application/vnd.docker.container.image.v1+json", config),
            "layers": [_reference("application/vnd.docker.image.rootfs.diff.tar", layer)],
        }
    ).encode()
    blobs = {_digest(content): ("application/octet-stream", content) for content in (config, layer)}
    return {**blobs, "1": (MANIFEST, manifest), _digest(manifest): (MANIFEST, manifest)}


def _reference(kind: str, content: bytes) -> dict[str, object]:
    return {"mediaType": kind, "size": len(content), "digest": _digest(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
