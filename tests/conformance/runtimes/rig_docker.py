"""The Docker runtime on this machine's engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from peapod.kubelet.runtime.docker import DockerRuntime
from tests.support import images
from tests.support.runtimes import Rig

MARKS = (pytest.mark.docker,)


@asynccontextmanager
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    yield Rig(DockerRuntime, images.ensure("peapod-test/busybox:1"))
