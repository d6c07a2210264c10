"""Runs every test of this folder on every runtime: each `rig_<runtime>.py` beside this file brings one.

Such a module has `MARKS`, the marks of what the runtime needs of the machine, and `rig(tmp_path)`, an async
context manager that yields a `tests.support.runtimes.Rig` and leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import import_module
from pathlib import Path

import pytest

from peapod.kubelet.runtime.runtime import Runtime
from tests.support.runtimes import Rig, TestPod

RIGS = {
    path.stem.removeprefix("rig_"): import_module(f"tests.conformance.runtimes.{path.stem}")
    for path in sorted(Path(__file__).parent.glob("rig_*.py"))
}

OpenRuntime = Callable[[str], Awaitable[Runtime]]


@pytest.fixture(params=[pytest.param(name, marks=module.MARKS) for name, module in RIGS.items()])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with RIGS[request.param].rig(tmp_path) as rig:
        yield rig


@pytest.fixture
async def open_runtime(rig: Rig) -> AsyncIterator[OpenRuntime]:
    """Open runtimes for nodes; at the end all are closed, and what their nodes have left is removed."""
    opened: list[tuple[str, Runtime]] = []

    async def open_one(node: str) -> Runtime:
        runtime = rig.make(node)
        opened.append((node, runtime))
        await runtime.open()
        return runtime

    yield open_one
    for _, runtime in opened:
        await runtime.close()
    for node in {node for node, _ in opened}:
        await clear(rig.make(node))


async def clear(runtime: Runtime) -> None:
    await runtime.open()
    for container in reversed(await runtime.list()):
        await runtime.remove(container.id)
    await runtime.close()


@pytest.fixture
async def runtime(open_runtime: OpenRuntime, node_name: str) -> Runtime:
    return await open_runtime(node_name)


@pytest.fixture
def pod(runtime: Runtime, rig: Rig) -> TestPod:
    return TestPod(runtime, rig.image)
