"""Ends what has gone silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from peapod.common.errors import Unavailable


class Watchdog:
    """Calls `expire`, which cancels a gRPC call, once nothing was fed to it for `seconds` inside its block.

    The block then raises `Unavailable`. It stands for `asyncio.timeout`, which leaks memory here (grpc#43360).
    """

    def __init__(self, seconds: float, expire: Callable[[], None]) -> None:
        self._seconds = seconds
        self._expire = expire
        self._expired = False
        self._loop = asyncio.get_running_loop()

    def feed(self) -> None:
        """Start the time over."""
        self._fed = self._loop.time()

    def __enter__(self) -> Self:
        self.feed()
        self._timer = self._loop.call_later(self._seconds, self._look)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        task = asyncio.current_task()
        if self._expired and not (task and task.cancelling()):
            raise Unavailable(f"nothing came for {self._seconds:g} s") from error

    def _look(self) -> None:
        left = self._fed + self._seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._expired = True
            self._expire()
