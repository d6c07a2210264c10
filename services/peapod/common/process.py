"""What every service's process does: log, run one event loop, stop on a signal, and keep its loops alive."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

import grpc

from peapod.common.backoff import Backoff
from peapod.common.errors import PeapodError, Unavailable, from_rpc
from peapod.common.logs import logging_to_stderr

logger = logging.getLogger(__name__)

GARBAGE_MOST = 20_000
"""How many more objects were made than freed before the collector looks for cycles; a few megabytes at most."""

Serve = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


def run(serve: Serve, *, service: str, log_format: str = "text", log_level: str = "info") -> int:
    """Run `serve` until it returns, and return the exit status: 0, or 1 after an error, which is logged.

    SIGTERM and SIGINT set the event that `serve` is given; it is to stop then and return.
    """
    # Every call leaves a few cycles behind; collecting by the hundred costs a seventh of a busy server's time.
    gc.set_threshold(GARBAGE_MOST, 10, 50)
    with logging_to_stderr(service, log_format, log_level):
        try:
            asyncio.run(_serve(serve))
        except Exception as error:
            logger.critical("stopped by an error: %s", _words(error), exc_info=_unless_expected(error))
            return 1
        return 0


def spawn(fn: Callable[[], Awaitable[None]], name: str) -> asyncio.Task[None]:
    """Start `forever(name, fn)` as a task; the caller keeps it and hands it to `end`."""
    return asyncio.create_task(forever(name, fn), name=name)


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel the tasks and wait until they are over, however they end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def forever(
    name: str,
    fn: Callable[[], Awaitable[None]],
    *,
    backoff: Backoff | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Call `fn` again and again until cancelled: at once when it returns, after a growing pause when it raises.

    An error is logged once; the same one again only after `fn` has returned, or run for a minute, in between.
    """
    backoff = backoff or Backoff(0.1, 30, clock=clock)
    told = ""
    while True:
        started = clock()
        try:
            await fn()
            # Even an `fn` that never waits leaves room for the others and for cancellation.
            await asyncio.sleep(0)
        except Exception as error:
            if clock() - started > 60:
                told = ""
            if told != (told := _words(error)):
                logger.error("%s failed, trying again: %s", name, told, exc_info=_unless_expected(error))
            await asyncio.sleep(backoff.next())
        else:
            if told:
                logger.info("%s works again", name)
            told = ""
            backoff.reset()


async def insist(name: str, fn: Callable[[], Awaitable[None]]) -> None:
    """Call `fn` until it succeeds, as long as what it needs is only `Unavailable`; the wait is logged once."""
    backoff = Backoff(0.1, 2)
    told = False
    while True:
        try:
            return await fn()
        except Unavailable as error:
            if not told:
                logger.warning("%s has to wait: %s", name, error)
            told = True
            await asyncio.sleep(backoff.next())


class Service(Protocol):
    """What a process runs."""

    async def start(self) -> None:
        """Return once everything runs."""
        ...

    async def stop(self) -> None:
        """Let go of everything, also of a start that did not finish."""
        ...


async def serve_until(stop: asyncio.Event, service: Service) -> None:
    """Run a service until `stop` is set; a start that still goes on then, as while a store is away, is cancelled."""
    starting = asyncio.create_task(service.start(), name="start")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            await stopping
    finally:
        await end(starting, stopping)
        await service.stop()


async def _serve(serve: Serve) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(stop)


def _unless_expected(error: Exception) -> bool:
    """Tell whether a trace helps: what is no bug is explained by its message."""
    return not isinstance(error, (PeapodError, grpc.RpcError, OSError))


def _words(error: Exception) -> str:
    """Say an error in one line."""
    if isinstance(error, grpc.RpcError):
        error = from_rpc(error)
    return str(error) if isinstance(error, PeapodError) else f"{type(error).__name__}: {error}"
