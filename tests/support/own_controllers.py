"""Real controllers in this process, with little patience."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from peapod.controllers.config import ControllersConfig
from peapod.controllers.server import ControllersService

GRACE = 0.8
"""How many seconds a node may be silent."""


@asynccontextmanager
async def running_controllers(apiserver: str, **settings: object) -> AsyncGenerator[ControllersService]:
    """Run all controllers of an apiserver; `settings` are fields of their config."""
    fields = {"apiserver": apiserver, "node_grace_seconds": GRACE} | settings
    service = ControllersService(ControllersConfig(**fields))  # type: ignore[arg-type]
    try:
        await service.start()
        yield service
    finally:
        await service.stop()
