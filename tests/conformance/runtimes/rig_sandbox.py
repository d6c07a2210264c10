"""The sandbox runtime on this machine's own root file system."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from tests.support.runtimes import Rig

MARKS = ()


@asynccontextmanager
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    root = tmp_path.with_name(tmp_path.name + "-sandbox")
    yield Rig(lambda node: SandboxRuntime(node, root), "host")
