"""`make demo`: a cluster from nothing, the example pod on it, and nothing left behind.

Ends 0 only when the pod ran, its containers spoke to each other, and everything is gone again.
"""

from __future__ import annotations

import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from peapod.common.channel import open_sync_channel
from peapod.v1 import pod_pb2
from peapod.v1.pod_service_pb2 import WatchPodsRequest
from peapod.v1.pod_service_rpc import PodServiceSyncClient

EXAMPLE = Path(__file__).parents[1] / "examples" / "hello.yaml"
EXAMPLE_PORT = "8765"
GREETING = "Hello from the other container."
PEAPOD = [sys.executable, "-m", "peapod_cli"]
WAIT_SECONDS = 60.0
"""The longest that one step may take."""


def main() -> int:
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="peapod-demo-") as folder:
        try:
            with nothing_left_behind(folder):
                show(Path(folder))
        except Failed as failed:
            print(f"\nthe demo failed: {failed}", file=sys.stderr)
            print_end_of(Path(folder) / "log")
            return 1
    print(f"\n{time.monotonic() - begin:.1f} s, and nothing is left behind.")
    return 0


class Failed(Exception):
    """Something that the demo promises did not happen."""


def show(folder: Path) -> None:
    """Do what the README's tour does."""
    apiserver, gateway = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    port = str(free_port())
    os.environ["PEAPOD_SERVER"] = apiserver
    with cluster(folder, apiserver, gateway):
        print(f"\n$ export PEAPOD_SERVER={apiserver}", flush=True)
        # Any free port will do, and the example's may be taken.
        print(f"\n$ sed s/{EXAMPLE_PORT}/{port}/ examples/hello.yaml | peapod create -f -", flush=True)
        peapod("create", "-f", "-", stdin=EXAMPLE.read_text().replace(EXAMPLE_PORT, port))
        wait_until_running(apiserver, "hello")
        say_and_run("get", "pods")
        with followed("hello", "client") as client, followed("hello", "server") as server:
            wait_for(GREETING, client)
            say_and_run("log", "hello", "client")
            say_and_run("delete", "pod", "hello")
            for log in (client, server):
                wait_for_end(log)


@contextmanager
def cluster(folder: Path, apiserver: str, gateway: str) -> Iterator[None]:
    """Run a cluster inside of the block."""
    command = ["up", "--state-dir", str(folder / "state"), "--runtime", "sandbox", "--node-name", "demo"]
    command += ["--apiserver-address", apiserver, "--gateway-address", gateway]
    say(*command)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*PEAPOD, *command], stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        print(first_line(process), end="")
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=WAIT_SECONDS)
    if process.returncode != 0:
        raise Failed(f"`peapod up` ended with {process.returncode}")


def first_line(process: subprocess.Popen[str]) -> str:
    """Read the line that says that the cluster is ready."""
    assert process.stdout
    readable, _, _ = select.select([process.stdout], [], [], WAIT_SECONDS)
    line = process.stdout.readline() if readable else ""
    if not line:
        raise Failed("the cluster did not become ready")
    return line


def wait_until_running(apiserver: str, name: str) -> None:
    """Watch the pod until it runs."""
    request = WatchPodsRequest(namespace="default", field_selector=f"metadata.name={name}")
    with open_sync_channel(apiserver) as channel:
        for response in PodServiceSyncClient(channel).watch_pods(request, timeout=WAIT_SECONDS):
            for change in response.events:
                if change.pod.status.phase == pod_pb2.POD_PHASE_RUNNING:
                    return


@contextmanager
def followed(pod: str, container: str) -> Iterator[subprocess.Popen[bytes]]:
    """Follow a container's log inside of the block; the log ends when the container is gone."""
    process = subprocess.Popen([*PEAPOD, "log", "-f", pod, container], stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(text: str, log: subprocess.Popen[bytes]) -> None:
    assert log.stdout
    said = b""
    for piece in pieces(log.stdout):
        said += piece
        if text.encode() in said:
            return
    raise Failed(f"the log never said {text!r}")


def wait_for_end(log: subprocess.Popen[bytes]) -> None:
    assert log.stdout
    for _ in pieces(log.stdout):
        pass


def pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """Read what comes until the end; raise `Failed` when that takes too long."""
    end = time.monotonic() + WAIT_SECONDS
    while select.select([stream], [], [], max(0.0, end - time.monotonic()))[0]:
        data = os.read(stream.fileno(), 1 << 16)
        if not data:
            return
        yield data
    raise Failed("a container's log did not end")


@contextmanager
def nothing_left_behind(folder: str) -> Iterator[None]:
    """End whatever process of the demo is still there after the block, and fail if there was any."""
    try:
        yield
    finally:
        left = [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if is_ours(entry, folder)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
    if left:
        raise Failed(f"{len(left)} processes were left behind")


def is_ours(process: Path, folder: str) -> bool:
    """Tell a process of the demo by the folder that it was told of."""
    try:
        return folder.encode() in (process / "cmdline").read_bytes()
    except OSError:
        return False


def say(*words: str) -> None:
    print(f"\n$ peapod {shlex.join(words)}", flush=True)


def peapod(*words: str, stdin: str = "") -> None:
    if subprocess.run([*PEAPOD, *words], input=stdin, text=True, timeout=WAIT_SECONDS).returncode != 0:
        raise Failed(f"`peapod {shlex.join(words)}` failed")


def say_and_run(*words: str) -> None:
    say(*words)
    peapod(*words)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def print_end_of(log: Path) -> None:
    if log.exists():
        print("".join(log.read_text(errors="replace").splitlines(keepends=True)[-30:]), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
