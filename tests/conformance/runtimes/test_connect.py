"""Connections to a pod's ports, as from inside the pod."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from peapod.kubelet.runtime.runtime import ContainerGone, Runtime
from tests.support.ports import free_port
from tests.support.runtimes import PATIENCE, TestPod, until_exited, until_ready

# It listens before it goes into the background.
SERVER = (
    "mkdir -p /tmp/www; head -c 1000000 /dev/zero > /tmp/www/much; echo hello > /tmp/www/word;"
    "busybox httpd -p 127.0.0.1:{port} -h /tmp/www; echo ready; sleep 1000"
)


@pytest.fixture
def port() -> int:
    """A port that is free on the node as well, for runtimes whose pods share its network."""
    return free_port()


async def start_server(pod: TestPod, port: int, container: str = "main") -> str:
    """Start a container that serves files at its loopback address alone."""
    id = await pod.start(SERVER.format(port=port), container=container)
    await until_ready(pod.runtime, id)
    return id


@asynccontextmanager
async def connection(
    runtime: Runtime, id: str, port: int
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await runtime.connect(id, port)
    try:
        async with asyncio.timeout(PATIENCE):
            yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def fetch(runtime: Runtime, id: str, port: int, file: str) -> bytes:
    """Ask the container's server for a file, and close that half of the connection."""
    async with connection(runtime, id, port) as (reader, writer):
        writer.write(f"GET /{file} HTTP/1.0\r\n\r\n".encode())
        writer.write_eof()
        return (await reader.read(-1)).partition(b"\r\n\r\n")[2]


async def test_what_listens_at_the_pods_loopback_is_reached(runtime: Runtime, pod: TestPod, port: int) -> None:
    assert await fetch(runtime, await start_server(pod, port), port, "word") == b"hello\n"


async def test_much_comes_over_whole(runtime: Runtime, pod: TestPod, port: int) -> None:
    assert await fetch(runtime, await start_server(pod, port), port, "much") == bytes(1_000_000)


async def test_any_container_of_the_pod_leads_there(runtime: Runtime, pod: TestPod, port: int) -> None:
    await start_server(pod, port, "server")
    other = await pod.start("sleep 1000", container="other")
    assert await fetch(runtime, other, port, "word") == b"hello\n"


async def test_where_nothing_listens_the_connection_is_refused(runtime: Runtime, pod: TestPod, port: int) -> None:
    id = await pod.start("echo ready; sleep 1000")
    await until_ready(runtime, id)
    with pytest.raises(ConnectionRefusedError):
        await runtime.connect(id, port)


async def test_a_container_that_has_exited_leads_nowhere(runtime: Runtime, pod: TestPod, port: int) -> None:
    id = await pod.start("exit 0")
    await until_exited(runtime, id)
    with pytest.raises(ContainerGone):
        await runtime.connect(id, port)


async def test_a_container_that_is_absent_leads_nowhere(runtime: Runtime, port: int) -> None:
    with pytest.raises(ContainerGone):
        await runtime.connect("0123456789ab", port)


async def test_the_kubelet_stays_in_its_own_network(runtime: Runtime, pod: TestPod, port: int) -> None:
    id = await start_server(pod, port)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    own = server.sockets[0].getsockname()[1]
    async with server, connection(runtime, id, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", own)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


async def test_many_connections_at_once(runtime: Runtime, pod: TestPod, port: int) -> None:
    id = await pod.start("echo ready; sleep 1000")
    await until_ready(runtime, id)
    refused = await asyncio.gather(*(runtime.connect(id, port) for _ in range(50)), return_exceptions=True)
    assert {type(one) for one in refused} == {ConnectionRefusedError}
