"""Watches: frames that were written once, to as many as want the same, in chunks or over a WebSocket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any

from peapod.common.errors import PeapodError, SlowWatcher, Unavailable
from peapod.common.watching.selection import Selection
from peapod.gateway import frames, status
from peapod.gateway.answers import Send
from peapod.gateway.copies import Copies, Copy
from peapod.gateway.reads import selection_of
from peapod.gateway.request import Request
from peapod.gateway.web import CUT

logger = logging.getLogger(__name__)

READ_SECONDS = 30.0
"""How long a watcher may leave what was sent to it unread before it is cut off."""

Write = Callable[[bytes], Awaitable[None]]


class Watches:
    """What changes, as it changes."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies

    async def chunks(self, request: Request, scope: MutableMapping[str, Any], send: Send) -> None:
        """Answer with a frame for each change, until the client leaves. Raises only before anything is sent."""
        messages = await self._messages(request)

        async def write(message: bytes) -> None:
            await send({"type": "http.response.body", "body": message, "more_body": True})

        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        await _until_gone(_pump(messages, write, scope), request)
        await send({"type": "http.response.body", "body": b""})

    async def frames(self, request: Request, scope: MutableMapping[str, Any], send: Send) -> None:
        """The same over a WebSocket that is not accepted yet; whatever the client says ends it."""
        messages = await self._messages(request)
        heard = scope.get("subprotocols") or [None]

        async def write(message: bytes) -> None:
            for line in message.splitlines():
                await send({"type": "websocket.send", "text": line.decode()})

        await send({"type": "websocket.accept", "subprotocol": heard[0]})
        await _until_gone(_pump(messages, write, scope), request)
        await send({"type": "websocket.close", "code": 1000})

    async def _messages(self, request: Request) -> AsyncGenerator[bytes, None]:
        selection = selection_of(request, one=bool(request.target.name))
        copy = self._copies.of(request.target.resource)
        await copy.settle()
        return self._watched(copy, request, selection)

    async def _watched(self, copy: Copy, request: Request, selection: Selection) -> AsyncGenerator[bytes, None]:
        """Make the frames; what ends a watch early is the last of them."""
        revision = request.query.revision
        try:
            await copy.reach(revision)
            watched = copy.fanout.watch(selection, frames.form_of(request.view), revision, "")
            async with aclosing(watched):
                async for message in watched:
                    yield message
        except SlowWatcher:
            raise
        except Unavailable as ending:
            if not copy.fanout.closed:
                yield _said(ending, request)
        except PeapodError as ending:
            yield _said(ending, request)


def _said(ending: PeapodError, request: Request) -> bytes:
    _, said = status.failure(ending, request.about)
    return frames.error(said)


async def _pump(messages: AsyncGenerator[bytes, None], write: Write, scope: MutableMapping[str, Any]) -> None:
    """Write messages to a reader; one that does not read is cut off, as is one that we fail."""
    try:
        async with aclosing(messages):
            async for message in messages:
                async with asyncio.timeout(READ_SECONDS):
                    await write(message)
    except (TimeoutError, SlowWatcher):
        scope["extensions"][CUT]["now"]()
    except OSError:
        return  # the client has left
    except Exception:
        logger.exception("the watch %s failed", scope["path"])
        scope["extensions"][CUT]["now"]()


async def _until_gone(pump: Awaitable[None], request: Request) -> None:
    """Run a pump until it is over or the client has left; nothing of it is left behind."""
    pumping = asyncio.ensure_future(pump)
    leaving = asyncio.ensure_future(request.gone())
    try:
        await asyncio.wait({pumping, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (pumping, leaving):
            task.cancel()
        await asyncio.gather(pumping, leaving, return_exceptions=True)
