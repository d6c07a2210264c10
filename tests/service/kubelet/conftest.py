"""A kubelet on a hollow runtime or on the real engine, beside the real apiserver."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from peapod.kubelet.server import Kubelet
from tests.support import docker_pods, sandbox_pods
from tests.support.apiserver import OwnApi
from tests.support.kubelet import TroubledRuntime, running_kubelet


@pytest.fixture
async def runtime() -> TroubledRuntime:
    return TroubledRuntime()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "kubelet"
    root.mkdir()
    return root


@pytest.fixture
async def kubelet(api: OwnApi, runtime: TroubledRuntime, root: Path) -> AsyncGenerator[Kubelet]:
    async with running_kubelet(api, runtime, root) as running:
        yield running


@pytest.fixture
async def docker(node_name: str) -> AsyncGenerator[DockerRuntime]:
    """The node's containers on the engine, seen beside the kubelet; none is left."""
    async with docker_pods.cleared(node_name) as runtime:
        yield runtime


@pytest.fixture
async def sandboxes(root: Path, node_name: str) -> AsyncGenerator[SandboxRuntime]:
    """The node's sandboxes, seen beside the kubelet; none is left."""
    async with sandbox_pods.cleared(root, node_name) as runtime:
        yield runtime
