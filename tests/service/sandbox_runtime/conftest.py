"""The sandbox runtime on this machine, in a directory that its containers could see if it were not hidden."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from tests.support.runtimes import TestPod

OpenRuntime = Callable[..., SandboxRuntime]


@pytest.fixture
def root(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A directory outside /tmp, which every container has of its own."""
    folder = Path(tempfile.mkdtemp(dir=request.config.cache.mkdir("sandbox")))
    yield folder
    shutil.rmtree(folder)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def folder_of(root: Path, id: str) -> Path:
    """Find a container's directory."""
    return next(root.glob(f"nodes/*/containers/{id[:32]}"))


@pytest.fixture
async def make(root: Path) -> AsyncIterator[OpenRuntime]:
    """Make runtimes, not opened, of which the later are successors of the earlier; at the end nothing runs."""
    made: list[SandboxRuntime] = []

    def make_one(**options: object) -> SandboxRuntime:
        made.append(SandboxRuntime("node", root, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make_one
    for runtime in made:
        for container in await runtime.list():
            await runtime.remove(container.id)
        await runtime.close()


@pytest.fixture
async def runtime(make: OpenRuntime) -> SandboxRuntime:
    runtime = make()
    await runtime.open()
    return runtime


@pytest.fixture
def pod(runtime: SandboxRuntime) -> TestPod:
    return TestPod(runtime, "host")
