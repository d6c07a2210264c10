"""Jobs of which the first to end ends the others, such as a client that leaves and the work that is done for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.types import Receive

from peapod.common import process


async def first_of(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run all until one of them is over; raise what that one raised. None is left when this returns."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await process.end(*tasks)


async def left(receive: Receive) -> None:
    """Wait until the client has left; what it still sends is not read."""
    while (await receive())["type"] == "http.request":
        pass
