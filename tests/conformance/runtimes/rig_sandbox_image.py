"""The sandbox runtime with an image from an archive, made of this machine's programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from tests.support.archives import small_rootfs
from tests.support.runtimes import Rig

MARKS = ()


@asynccontextmanager
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    root = tmp_path.with_name(tmp_path.name + "-sandbox")
    _place(root / "archives")
    yield Rig(lambda node: SandboxRuntime(node, root), "peapod-test/small:1")


def _place(archives: Path) -> None:
    archives.mkdir(parents=True)
    (archives / "peapod-test%2Fsmall:1.tar").write_bytes(_exported())


@cache
def _exported() -> bytes:
    return small_rootfs().tar()
