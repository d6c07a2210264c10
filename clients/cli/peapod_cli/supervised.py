"""What commands that run services have in common: they end when interrupted, or when a service does."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from peapod.common import process
from peapod.common.errors import Unavailable
from peapod_cli.supervisor import Supervisor

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends such a command."""


class Interrupted(Exception):
    """A signal has come."""


def stop_on_signals(supervisor: Supervisor) -> asyncio.Event:
    """Make the event that is set by the first signal; the next one kills all services."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            supervisor.kill()
        stop.set()

    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return stop


async def unless_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event, supervisor: Supervisor) -> T:
    """Do the work. Raises `Interrupted` when it is to stop before, and `Unavailable` when a service has ended."""
    working = asyncio.create_task(work)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopped, supervisor.failure), return_when=asyncio.FIRST_COMPLETED)
        if supervisor.failure.done():
            raise Unavailable(supervisor.failure.result())
        if working.done():
            return working.result()
        raise Interrupted
    finally:
        await process.end(working, stopped)
