"""A response of the engine that goes on, read by a thread of its own and handed to a coroutine.

The thread runs at most ROOM bytes ahead of the coroutine, and ends when the coroutine leaves.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import chain
from types import TracebackType
from typing import Self

import requests
from docker import APIClient
from docker.errors import APIError

from peapod.kubelet.runtime.docker.errors import unavailable

ROOM = 1 << 20


class Stream:
    """Is read inside `async with`; `read` raises `RuntimeUnavailable`, and `APIError` when the engine refuses."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], APIClient],
        ask: Callable[[APIClient], requests.Response],
        on_end: Callable[[Stream], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._connect = connect
        self._ask = ask
        self._on_end = on_end
        self._news = asyncio.Event()
        self._state = threading.Condition()
        self._chunks: list[bytes] = []
        self._size = 0
        self._response: requests.Response | None = None
        self._error: Exception | None = None
        self._ended = False
        self._left = False
        self._thread = threading.Thread(target=self._run, name=f"docker-{name}", daemon=True)

    async def __aenter__(self) -> Self:
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self._on_end(self)

    async def read(self) -> bytes | None:
        """Wait for more and return all of it; b"" once, when the response has begun; None at its end."""
        while True:
            await self._news.wait()
            self._news.clear()
            with self._state:
                chunks, self._chunks, self._size = self._chunks, [], 0
                ended = self._ended
                self._state.notify()
            if ended:
                self._news.set()
            if chunks:
                return b"".join(chunks)
            if ended:
                if self._error:
                    raise self._error
                return None

    def cut(self) -> None:
        """Have the thread end, wherever it is; what it read is lost. Idempotent."""
        with self._state:
            self._left = True
            response = self._response
            self._state.notify()
        if response is not None:
            # It may have ended by itself in this moment.
            with suppress(ValueError, RuntimeError, OSError):
                response.raw.shutdown()

    def _run(self) -> None:
        try:
            with closing(self._connect()) as client, closing(self._ask(client)) as response:
                with self._state:
                    self._response = response
                for chunk in chain([b""], response.raw.stream(decode_content=False)):
                    if not self._put(chunk):
                        break
        except APIError as error:
            self._error = error
        except Exception as error:
            self._error = unavailable(error)
        self._end()

    def _put(self, chunk: bytes) -> bool:
        """Hand a chunk over, when there is room; say whether anyone is there to take it."""
        with self._state:
            self._state.wait_for(lambda: self._size < ROOM or self._left)
            if self._left:
                return False
            first = not self._chunks
            self._chunks.append(chunk)
            self._size += len(chunk)
        if first:
            self._wake()
        return True

    def _end(self) -> None:
        with self._state:
            self._ended = True
            self._response = None
        self._wake()

    def _wake(self) -> None:
        # The loop may be gone: a thread ends a moment after its coroutine.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._news.set)
