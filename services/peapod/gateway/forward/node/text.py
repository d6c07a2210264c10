"""Answers with text as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
from starlette.types import Send

from peapod.common.errors import from_rpc
from peapod.gateway.forward.node.asked import Asked, refused

_START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain; charset=utf-8")]}
_END = {"type": "http.response.body", "body": b"", "more_body": False}


async def stream(send: Send, asked: Asked, pieces: AsyncIterator[bytes], *, prompt: bool = False) -> None:
    """Pass pieces on, as fast as the client takes them.

    The answer begins with the first piece, or at once when `prompt`. What fails before then is raised as a `Refusal`;
    what fails later breaks the answer off.
    """
    begun = prompt
    if begun:
        await send(_START)
    try:
        async for piece in pieces:
            if not begun:
                await send(_START)
            begun = True
            if piece:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
    except grpc.RpcError as error:
        if not begun:
            raise refused(from_rpc(error), asked) from error
        return
    if not begun:
        await send(_START)
    await send(_END)
