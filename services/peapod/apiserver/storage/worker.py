"""One thread that does blocking work for an event loop, one piece after the other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Job = tuple[asyncio.Future[Any], Callable[[], Any]]


class Worker:
    """A thread of its own. Cheaper per call than the standard executor, and it never holds up the process's end."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def call(self, function: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """Have the thread call `function` after all that was asked before; the future is the caller's loop's.

        A call whose caller was cancelled is done all the same.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((future, lambda: function(*arguments)))
        return future

    def stop(self) -> None:
        """End the thread once it has done all that it was asked."""
        self._jobs.put(None)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, work = job
            try:
                report = _setter(future, result=work())
            except Exception as error:
                report = _setter(future, error=error)
            # A loop that is closed has nobody left who waits.
            with suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(report)


def _setter(future: asyncio.Future[Any], result: Any = None, error: Exception | None = None) -> Callable[[], None]:
    def report() -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    return report
