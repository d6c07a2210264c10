"""`peapod port-forward`, to a pod of a real kubelet whose ports are this machine's."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from peapod.v1 import pod_pb2
from tests.service.cli.conftest import Run, start
from tests.support.apiserver import Api
from tests.support.following import PATIENCE, following
from tests.support.host_commands import HostRuntime
from tests.support.kubelet import create, delete, running_kubelet, told
from tests.support.pods import make_pod
from tests.support.ports import free_port

MEBIBYTE = 1 << 20


@pytest.fixture
async def runtime(api: Api, tmp_path: Path) -> AsyncIterator[HostRuntime]:
    """Run a pod `web`."""
    runtime = HostRuntime()
    async with running_kubelet(api, runtime, tmp_path), following(api) as seen:
        await create(api, make_pod("main"))
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_RUNNING)
        yield runtime


class Backend:
    """A server in the pod: it sends back what it got, once that is all."""

    def __init__(self) -> None:
        self.port = 0
        self.connected = asyncio.Event()
        self.left = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected.set()
        try:
            writer.write(b"all: " + await reader.read())
            await writer.drain()
        finally:
            self.left.set()
            writer.close()


@pytest.fixture
async def backend(runtime: HostRuntime) -> AsyncIterator[Backend]:
    backend = Backend()
    server = await asyncio.start_server(backend.answer, "127.0.0.1", 0)
    backend.port = server.sockets[0].getsockname()[1]
    yield backend
    server.close()


async def listening(process: asyncio.subprocess.Process, remote: int) -> list[tuple[str, int]]:
    """Read where the command listens for a port of the pod: on every loopback address that there is."""
    assert process.stdout
    found: list[tuple[str, int]] = []
    for host in ("127.0.0.1", "[::1]") if _has_ipv6() else ("127.0.0.1",):
        line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
        assert line.startswith(f"Forwarding from {host}:")
        assert line.endswith(f" -> {remote}\n")
        found.append((host.strip("[]"), int(line.split()[2].rpartition(":")[2])))
    return found


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


async def asked(host: str, port: int, question: bytes) -> bytes:
    """Send a question, say that it is all, and read the whole answer."""
    reader, writer = await asyncio.open_connection(host, port)
    sending = asyncio.create_task(_send(writer, question))
    answer = await asyncio.wait_for(reader.read(), PATIENCE)
    await sending
    writer.close()
    return answer


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()
    writer.write_eof()


async def interrupt(process: asyncio.subprocess.Process) -> bytes:
    """Press Ctrl-C, and return what was said on standard error."""
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert process.returncode == -signal.SIGINT
    return err


@pytest.mark.parametrize("form", ["-p web :{}", "web :{}", "pod/web 0:{}"])
async def test_connections_reach_the_pod(api: Api, backend: Backend, form: str) -> None:
    process = await start(api.address, "port-forward", *form.format(backend.port).split())
    places = await listening(process, backend.port)
    assert len({port for _, port in places}) == 1
    for host, port in places:
        assert await asked(host, port, b"question") == b"all: question"
    assert await interrupt(process) == b""


async def test_ports_of_ones_own_choice(api: Api, backend: Backend) -> None:
    first, second = free_port(), free_port()
    process = await start(api.address, "port-forward", "web", f"{first}:{backend.port}", f"{second}:{backend.port}")
    for port in (first, second):
        assert {place for _, place in await listening(process, backend.port)} == {port}
    assert await asked("127.0.0.1", second, b"b") == b"all: b"
    assert await asked("127.0.0.1", first, b"a") == b"all: a"
    assert await interrupt(process) == b""


async def test_much_passes_both_ways_at_once(api: Api, backend: Backend) -> None:
    process = await start(api.address, "port-forward", "web", f":{backend.port}")
    [(host, port), *_] = await listening(process, backend.port)
    question = os.urandom(8 * MEBIBYTE)
    answers = await asyncio.gather(*(asked(host, port, question) for _ in range(3)))
    assert all(answer == b"all: " + question for answer in answers)
    assert await interrupt(process) == b""


async def test_a_client_that_breaks_off_leaves_the_pod_too(api: Api, backend: Backend) -> None:
    process = await start(api.address, "port-forward", "web", f":{backend.port}")
    [(host, port), *_] = await listening(process, backend.port)
    _, writer = await asyncio.open_connection(host, port)
    await asyncio.wait_for(backend.connected.wait(), PATIENCE)
    writer.transport.abort()
    await asyncio.wait_for(backend.left.wait(), PATIENCE)
    assert await interrupt(process) == b""


async def test_a_port_that_nobody_serves_is_told_of_and_the_rest_goes_on(api: Api, backend: Backend) -> None:
    nobody = free_port()
    process = await start(api.address, "port-forward", "web", f":{nobody}", f":{backend.port}")
    [(host, port), *_] = await listening(process, nobody)
    [(_, served), *_] = await listening(process, backend.port)
    assert await asked(host, port, b"") == b""
    assert process.stderr
    line = (await asyncio.wait_for(process.stderr.readline(), PATIENCE)).decode()
    assert line.startswith(f"error: a connection to port {nobody}: port {nobody} of pod web cannot be reached: ")
    assert await asked(host, served, b"still") == b"all: still"
    assert await interrupt(process) == b""


async def test_it_ends_with_the_pod(api: Api, backend: Backend) -> None:
    process = await start(api.address, "port-forward", "web", f":{backend.port}")
    [(host, port), *_] = await listening(process, backend.port)
    _, writer = await asyncio.open_connection(host, port)
    await asyncio.wait_for(backend.connected.wait(), PATIENCE)
    await delete(api, "web")
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert (process.returncode, err.decode().splitlines()) == (1, ['error: Pod "web" is gone'])
    writer.close()


@pytest.mark.usefixtures("runtime")
async def test_a_port_that_is_taken_here_is_said(peapod: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = await peapod("port-forward", "web", f"{port}:80")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.errors == [f"error: cannot listen on port {port} of 127.0.0.1: Address already in use"]


@pytest.mark.usefixtures("runtime")
async def test_a_pod_that_does_not_run_has_no_ports(peapod: Run, api: Api) -> None:
    await create(api, make_pod("main", name="waiting", uid="uid-2"), node="nowhere")
    outcome = await peapod("port-forward", "waiting", "80")
    assert outcome.errors == ['error: Pod "waiting" is not running: it is Pending']
    assert outcome.status == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "say which pod and which ports"),
        (["web"], "say which pod and which ports"),
        (["-p", "web"], "say which pod and which ports"),
        (["web", "http"], '"http" is no port such as 80, 8080:80 or :80'),
        (["web", "80", "1:2:3"], '"1:2:3" is no port'),
        (["web", "80:"], '"80:" is no port'),
        (["web", "0"], '"0" is no port'),
        (["web", "65536"], '"65536" is no port'),
        (["node/n", "80"], "minions have no ports; name a pod"),
        (["nope", "80"], 'Pod "nope" not found in namespace default'),
    ],
)
async def test_what_cannot_be_forwarded_is_said(peapod: Run, words: list[str], why: str) -> None:
    outcome = await peapod("port-forward", *words)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: {why}")
    assert len(outcome.errors) == 1
