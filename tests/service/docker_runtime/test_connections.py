"""Ways into a pod's network, from beside it and from afar."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import docker
import pytest

from peapod.kubelet.runtime.docker import DockerRuntime, connect, processes
from peapod.kubelet.runtime.runtime import Runtime
from tests.support.ports import free_port
from tests.support.runtimes import TestPod, until_ready

pytestmark = pytest.mark.docker

SERVER = (
    "mkdir -p /tmp/www; echo hello > /tmp/www/word;"
    "busybox httpd -p {address}:{port} -h /tmp/www; echo ready; sleep 1000000"
)
Serve = Callable[[str], Awaitable[str]]
PORT = 7321


@pytest.fixture
def serve(pod: TestPod) -> Serve:
    """Start a container that listens at an address of the pod."""

    async def start(address: str, port: int = PORT) -> str:
        id = await pod.start(SERVER.format(address=address, port=port))
        await until_ready(pod.runtime, id)
        return id

    return start


@pytest.fixture
def from_afar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have the kubelet see no processes, as in a container with processes of its own."""
    monkeypatch.setattr(processes, "PROC", tmp_path)


async def word(runtime: Runtime, id: str, port: int = PORT) -> bytes:
    reader, writer = await runtime.connect(id, port)
    try:
        writer.write(b"GET /word HTTP/1.0\r\n\r\n")
        return (await reader.read(-1)).partition(b"\r\n\r\n")[2]
    finally:
        writer.close()
        await writer.wait_closed()


async def test_loopback_is_the_way_where_processes_are_seen(runtime: DockerRuntime, serve: Serve) -> None:
    assert await word(runtime, await serve("127.0.0.1")) == b"hello\n"


@pytest.mark.usefixtures("from_afar")
async def test_the_pods_address_is_the_way_from_afar(runtime: DockerRuntime, serve: Serve) -> None:
    assert await word(runtime, await serve("0.0.0.0")) == b"hello\n"


@pytest.mark.usefixtures("from_afar")
async def test_loopback_alone_is_not_reached_from_afar(runtime: DockerRuntime, serve: Serve) -> None:
    id = await serve("127.0.0.1")
    with pytest.raises(ConnectionRefusedError):
        await runtime.connect(id, PORT)


async def test_without_the_right_to_enter_the_pods_address_is_the_way(
    runtime: DockerRuntime, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "_CLONE_NEWNET", -1)
    assert await word(runtime, await serve("0.0.0.0")) == b"hello\n"


async def test_a_number_that_is_another_process_by_now_is_not_entered(
    runtime: DockerRuntime, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "belongs", lambda pid, container: False)
    assert await word(runtime, await serve("0.0.0.0")) == b"hello\n"


async def test_a_pod_in_the_nodes_network_is_at_the_nodes_loopback(
    runtime: DockerRuntime, pod: TestPod, serve: Callable[[str, int], Awaitable[str]]
) -> None:
    pod.spec.host_network = True
    port = free_port()
    assert await word(runtime, await serve("127.0.0.1", port), port) == b"hello\n"


async def test_the_network_container_leads_there_too(
    runtime: DockerRuntime, pod: TestPod, serve: Serve, engine: docker.APIClient
) -> None:
    await serve("127.0.0.1")
    assert await word(runtime, pod.network) == b"hello\n"
