"""The API over HTTP, as one ASGI application: finds what a request is for, and answers it or says why not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import grpc
import grpc.aio

from peapod.common.errors import PeapodError, from_rpc
from peapod.gateway import answers, status, target
from peapod.gateway.answers import Answer, Header, LongAnswer, Send
from peapod.gateway.copies import Copies
from peapod.gateway.metrics import ApiMetrics
from peapod.gateway.reads import Reads
from peapod.gateway.request import ClientGone, Receive, Request
from peapod.gateway.resources import BINDING
from peapod.gateway.status import About
from peapod.gateway.target import Target
from peapod.gateway.watches import Watches
from peapod.gateway.writes import Writes

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Action = Callable[[Request], Awaitable[Answer | LongAnswer]]

NO_PATH = answers.text(404, "404: Page Not Found")
NO_METHOD = answers.text(405, "405: Method Not Allowed")

_BESIDE: Mapping[int, tuple[Header, ...]] = {
    # What else comes on this connection would be the rest of the body.
    408: ((b"connection", b"close"),),
    503: ((b"retry-after", b"%d" % status.RETRY_SECONDS),),
}
"""Headers of failures, by their status."""


class Api:
    """Everything below /api/{version}/ but what is forwarded."""

    def __init__(self, channel: grpc.aio.Channel, copies: Copies, metrics: ApiMetrics) -> None:
        reads, writes = Reads(copies), Writes(channel, copies)
        self._watches = Watches(copies)
        self._metrics = metrics
        self._on_many: Mapping[str, Action] = {"GET": reads.list, "HEAD": reads.list, "POST": writes.create}
        self._on_one: Mapping[str, Action] = {
            "GET": reads.get,
            "HEAD": reads.get,
            "PUT": writes.replace,
            "PATCH": writes.patch,
            "DELETE": writes.delete,
        }
        self._on_part: Mapping[str, Action] = {"PUT": writes.replace_part}
        self._on_binding: Mapping[str, Action] = {"POST": writes.bind}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = target.parse(scope["raw_path"].decode("ascii"))
        if scope["type"] == "websocket":
            await self._serve_socket(found, scope, receive, send)
        elif found is None:
            await NO_PATH.send(send, compress=False)
        else:
            await self._serve(found, scope, receive, send)

    async def _serve(self, found: Target, scope: Scope, receive: Receive, send: Send) -> None:
        started, method = time.perf_counter(), scope["method"]
        request = None
        try:
            request = Request(scope, receive, found)
            if method == "GET" and _watches(request):
                with self._metrics.watching(found):
                    await self._watches.chunks(request, scope, send)
                return
            action = self._actions(found).get(method)
            answer = await action(request) if action and not found.watch else NO_METHOD
        except ClientGone:
            return
        except asyncio.CancelledError:
            raise
        except Exception as error:
            answer = _refusal(error, request.about if request else found.about, scope)
        compress = answers.reads_gzip(_accepted(scope))
        await answer.send(send, compress=compress)
        self._metrics.answered(method, found, answer.code, time.perf_counter() - started)

    async def _serve_socket(self, found: Target | None, scope: Scope, receive: Receive, send: Send) -> None:
        if (await receive())["type"] != "websocket.connect":
            return
        answer = NO_PATH
        if found is not None:
            try:
                request = Request(scope, receive, found)
                if _watches(request):
                    with self._metrics.watching(found):
                        await self._watches.frames(request, scope, send)
                    return
                answer = NO_METHOD
            except asyncio.CancelledError:
                raise
            except Exception as error:
                answer = _refusal(error, found.about, scope)
        await answer.deny(send)

    def _actions(self, found: Target) -> Mapping[str, Action]:
        if found.part == BINDING:
            return self._on_binding
        if found.part:
            return self._on_part
        return self._on_one if found.name else self._on_many


def _watches(request: Request) -> bool:
    """Tell whether a GET asks for changes: by its path, or, of a collection, by a parameter."""
    found = request.target
    return found.watch or (request.query.watch and not found.name)


def _refusal(error: Exception, about: About, scope: Scope) -> Answer:
    """Say what went wrong; what nobody foresaw is logged, and told in two words."""
    if isinstance(error, grpc.RpcError):
        error = from_rpc(error)
    if not isinstance(error, PeapodError):
        logger.error("%s %s failed", scope.get("method", "WebSocket"), scope["path"], exc_info=error)
        error = PeapodError("internal error")
    code, said = status.failure(error, about)
    return answers.document(code, said, _BESIDE.get(code, ()))


def _accepted(scope: Scope) -> bytes:
    return b",".join(value for key, value in scope["headers"] if key == b"accept-encoding")
