"""A scheduler beside a real apiserver, both in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from peapod.scheduler.config import SchedulerConfig
from peapod.scheduler.server import SchedulerService
from tests.support.apiserver import OwnApi
from tests.support.following import Following, following


@asynccontextmanager
async def running_scheduler(apiserver: str, **settings: object) -> AsyncGenerator[SchedulerService]:
    service = SchedulerService(SchedulerConfig(apiserver=apiserver, **settings))  # type: ignore[arg-type]
    try:
        await service.start()
        yield service
    finally:
        await service.stop()


@pytest.fixture
async def seen(api: OwnApi) -> AsyncGenerator[Following]:
    """What a watcher of the apiserver sees."""
    async with following(api) as watcher:
        yield watcher
