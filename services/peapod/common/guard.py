"""What all RPCs of a server share: errors become statuses, calls are measured, streams end with the server."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, NoReturn, cast
from urllib.parse import quote

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from peapod.common import errors
from peapod.common.errors import Invalid, PeapodError, Unavailable, Violation
from peapod.common.rpc import Method

logger = logging.getLogger(__name__)

STATUS_MOST = 7000
"""Bytes of a status on the wire: clients refuse more than 8 KiB of metadata unless told otherwise."""

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

Context = grpc.aio.ServicerContext[Any, Any]


class CallGuard:
    """The `Guard` of one server, which also knows the streams that are open, so that it can end them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._handled = Counter(
            "peapod_rpc_handled", "Calls that ended, by outcome.", ["method", "code"], registry=registry
        )
        self._seconds = Histogram(
            "peapod_rpc_seconds", "How long unary calls took.", ["method"], buckets=_SECONDS, registry=registry
        )
        self._live = Gauge("peapod_rpc_streams", "Streams that are open.", ["method"], registry=registry)
        self._streams: set[_Stream] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = False

    def __call__(self, path: str, method: Method) -> Method:
        """Return `method` guarded: an async function, or any function that returns an async generator."""
        outcomes = _Outcomes(path, self._handled)
        if inspect.iscoroutinefunction(method):
            return self._unary(path, outcomes, method)
        return self._stream(path, outcomes, method)

    def end_streams(self) -> None:
        """End every open stream, and every later one, with UNAVAILABLE; one that waits for its reader, after that.

        Idempotent.
        """
        if not self._stopping:
            self._stopping = True
            for stream in self._streams:
                if not stream.writing:
                    stream.task.cancel()

    async def streams_over(self, seconds: float) -> None:
        """Return when every stream has sent its status, or after some time: a server does not wait for that."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _unary(self, path: str, outcomes: _Outcomes, method: Method) -> Method:
        seconds = self._seconds.labels(path)

        async def unary(request: Any, context: Context) -> Any:
            started = time.perf_counter()
            try:
                answer = await method(_sound(request), context)
            except asyncio.CancelledError:
                outcomes.count(grpc.StatusCode.CANCELLED)
                raise
            except Exception as error:
                await _abort(outcomes, context, error)
            seconds.observe(time.perf_counter() - started)
            outcomes.count(grpc.StatusCode.OK)
            return answer

        return unary

    def _stream(self, path: str, outcomes: _Outcomes, method: Method) -> Method:
        live = self._live.labels(path)

        # Not a generator itself: gRPC drops a generator whose client goes away during a write without closing it.
        async def stream(request: Any, context: Context) -> None:
            live.inc()
            try:
                await self._pump(method(_all_sound(request), context), context)
            except asyncio.CancelledError:
                if self._stopping:
                    await _abort(outcomes, context, _stopping())
                outcomes.count(grpc.StatusCode.CANCELLED)
                raise
            except Exception as error:
                await _abort(outcomes, context, error)
            finally:
                live.dec()
            outcomes.count(grpc.StatusCode.OK)

        return stream

    async def _pump(self, answers: AsyncGenerator[Any, None], context: Context) -> None:
        self._go_on()
        stream = _Stream()
        self._streams.add(stream)
        self._tasks.add(stream.task)
        stream.task.add_done_callback(self._tasks.discard)
        try:
            async with aclosing(answers):
                async for answer in answers:
                    stream.writing = True
                    await context.write(answer)
                    stream.writing = False
                    self._go_on()
        finally:
            self._streams.discard(stream)

    def _go_on(self) -> None:
        if self._stopping:
            raise _stopping()


class _Stream:
    """An open stream. No status can follow a write that was cancelled, so nobody cancels one that writes."""

    def __init__(self) -> None:
        self.task = cast("asyncio.Task[Any]", asyncio.current_task())
        self.writing = False


class _Outcomes:
    """Counts one method's ended calls, with the labels of each code looked up once."""

    def __init__(self, path: str, handled: Counter) -> None:
        self.path = path
        self._handled = handled
        self._by_code: dict[grpc.StatusCode, Counter] = {}

    def count(self, code: grpc.StatusCode) -> None:
        counter = self._by_code.get(code)
        if counter is None:
            counter = self._by_code[code] = self._handled.labels(self.path, code.name)
        counter.inc()


def _sound(request: Any) -> Any:
    """Return the request, unless it is what is wrong with it."""
    if isinstance(request, DecodeError):
        raise Invalid(f"the request cannot be read: {request}")
    return request


def _all_sound(requests: Any) -> Any:
    """The same for a stream's request, or its stream of requests."""
    return _each_sound(requests) if isinstance(requests, AsyncIterator) else _sound(requests)


async def _each_sound(requests: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
    async for request in requests:
        yield _sound(request)


def fitting(error: PeapodError) -> PeapodError:
    """Return the error with as many violations as `STATUS_MOST` allows: of a longer one, clients see nothing."""
    if len(quote(error.message)) + errors.to_status(error).ByteSize() <= STATUS_MOST:
        return error
    message = _cut(error.message)
    room = STATUS_MOST - 2 * len(quote(message)) - 200
    kept: list[Violation] = []
    for wrong in error.violations:
        violation = wrong._replace(field=_cut(wrong.field), description=_cut(wrong.description))
        room -= sum(len(text.encode()) for text in violation) + 12
        if room < 0:
            kept.append(Violation("", f"{len(error.violations) - len(kept)} more fields are wrong"))
            break
        kept.append(violation)
    cut = PeapodError(message, kept, reason=error.reason)
    cut.code = error.code
    return cut


def _cut(text: str, most: int = 200) -> str:
    return text if len(text) <= most else text[:most] + "..."


async def _abort(outcomes: _Outcomes, context: Context, error: Exception) -> NoReturn:
    if isinstance(error, grpc.aio.AbortError):
        outcomes.count(grpc.StatusCode(context.code()))
        raise error
    if not isinstance(error, PeapodError):
        logger.error("%s failed", outcomes.path, exc_info=error)
        error = PeapodError("internal error")
    error = fitting(error)
    outcomes.count(error.code)
    await context.abort(error.code, error.message, trailing_metadata=errors.trailing(error))


def _stopping() -> PeapodError:
    return Unavailable("the server is stopping; resume elsewhere or later")
