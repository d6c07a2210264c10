"""The Docker runtime, and the engine beside it to look into."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from peapod.kubelet.runtime.docker import DockerRuntime
from tests.support import images
from tests.support.engine_proxy import EngineProxy
from tests.support.runtimes import TestPod


@pytest.fixture
def engine() -> Iterator[docker.APIClient]:
    """The engine itself."""
    with closing(docker.from_env().api) as client:
        yield client


@pytest.fixture
async def runtime(node_name: str, engine: docker.APIClient) -> AsyncIterator[DockerRuntime]:
    runtime = DockerRuntime(node_name)
    await runtime.open()
    yield runtime
    await runtime.close()
    remove_all(engine, node_name)


@pytest.fixture
def pod(runtime: DockerRuntime) -> TestPod:
    return TestPod(runtime, images.ensure("peapod-test/busybox:1"))


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[EngineProxy]:
    proxy = EngineProxy(tmp_path)
    await proxy.mend()
    yield proxy
    await proxy.cut()


def remove_all(engine: docker.APIClient, node: str) -> None:
    for container in engine.containers(all=True, filters={"label": f"io.peapod.node={node}"}):
        engine.remove_container(container["Id"], force=True, v=True)
