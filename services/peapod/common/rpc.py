"""What the generated clients and servicers stand on: typed calls that always end, messages that pass as bytes."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import DecodeError, Message

M = TypeVar("M", bound=Message)
M_co = TypeVar("M_co", bound=Message, covariant=True)

Method = Callable[[Any, Any], Any]
"""A servicer's method: an async function, or an async generator for a stream."""


class Guard(Protocol):
    """Wraps a servicer's method with what all calls share: errors to statuses, metrics."""

    def __call__(self, path: str, method: Method) -> Method:
        """Return `method` of the gRPC method at `path`, guarded, as a handler for grpc.aio.

        It may be called with a DecodeError in place of a request that could not be read, alone or in a stream.
        """
        ...


class _Call(Protocol[M_co]):
    """What a call with a stream of answers offers, whatever its requests are."""

    def cancel(self) -> bool: ...

    def __aiter__(self) -> AsyncIterator[M_co]: ...


class MessageStream(Generic[M]):
    """A server's stream that is cancelled when its `async with` block ends, however it ends.

    An abandoned call is never collected (grpc#43462), so iterating outside the block is refused.
    """

    def __init__(self, start: Callable[[], _Call[M]]) -> None:
        self._start = start
        self._call: _Call[M] | None = None

    async def __aenter__(self) -> Self:
        self._call = self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()

    def cancel(self) -> None:
        """End the call early; its reader then gets CancelledError. Idempotent."""
        if self._call is not None:
            self._call.cancel()

    def __aiter__(self) -> AsyncIterator[M]:
        if self._call is None:
            raise RuntimeError("a stream is read inside `async with`")
        return self._call.__aiter__()


class Client:
    """A typed client on an aio channel that the caller owns; many clients may share one channel."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def _unary(self, path: str, request: Message, answer: type[M], timeout: float | None) -> M:
        call = self._channel.unary_unary(path, request_serializer=to_bytes, response_deserializer=answer.FromString)
        return await call(request, timeout=timeout)

    def _stream(self, path: str, request: Message, answer: type[M], timeout: float | None) -> MessageStream[M]:
        call = self._channel.unary_stream(path, request_serializer=to_bytes, response_deserializer=answer.FromString)
        return MessageStream(lambda: call(request, timeout=timeout))

    def _duplex(
        self, path: str, requests: AsyncIterable[Message], answer: type[M], timeout: float | None
    ) -> MessageStream[M]:
        call = self._channel.stream_stream(path, request_serializer=to_bytes, response_deserializer=answer.FromString)
        return MessageStream(lambda: call(aiter(requests), timeout=timeout))


class SyncClient:
    """The same for short-lived programs, on a blocking channel."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel

    def _unary(self, path: str, request: Message, answer: type[M], timeout: float | None) -> M:
        call = self._channel.unary_unary(path, request_serializer=to_bytes, response_deserializer=answer.FromString)
        return call(request, timeout=timeout)

    def _stream(self, path: str, request: Message, answer: type[M], timeout: float | None) -> Iterator[M]:
        open_stream = self._channel.unary_stream(
            path, request_serializer=to_bytes, response_deserializer=answer.FromString
        )
        yield from _until_left(open_stream(request, timeout=timeout))

    def _duplex(self, path: str, requests: Iterable[Message], answer: type[M], timeout: float | None) -> Iterator[M]:
        open_stream = self._channel.stream_stream(
            path, request_serializer=to_bytes, response_deserializer=answer.FromString
        )
        yield from _until_left(open_stream(iter(requests), timeout=timeout))


def _until_left(call: Any) -> Iterator[Any]:
    """Pass a call's answers on, and cancel it when its reader goes away."""
    try:
        yield from call
    finally:
        call.cancel()


def to_bytes(message: Message | bytes) -> bytes:
    """Serialise a message; bytes are taken to be one already, so that cached objects are never encoded again."""
    return message if isinstance(message, bytes) else message.SerializeToString()


def unary_handler(method: Method, request: type[Message]) -> grpc.RpcMethodHandler[Any, Any]:
    """Make a handler for one request and one answer."""
    return grpc.unary_unary_rpc_method_handler(
        method, request_deserializer=_reader(request), response_serializer=to_bytes
    )


def stream_handler(method: Method, request: type[Message]) -> grpc.RpcMethodHandler[Any, Any]:
    """Make a handler for one request and a stream of answers."""
    return grpc.unary_stream_rpc_method_handler(
        method, request_deserializer=_reader(request), response_serializer=to_bytes
    )


def duplex_handler(method: Method, request: type[Message]) -> grpc.RpcMethodHandler[Any, Any]:
    """Make a handler for a stream of requests, which may hold DecodeErrors, and a stream of answers."""
    return grpc.stream_stream_rpc_method_handler(
        method, request_deserializer=_reader(request), response_serializer=to_bytes
    )


def _reader(request: type[M]) -> Callable[[bytes], M | DecodeError]:
    """Make a deserializer that returns the error, which is then the guard's to answer: gRPC would tell UNKNOWN."""

    def read(data: bytes) -> M | DecodeError:
        try:
            return request.FromString(data)
        except DecodeError as error:
            return error

    return read
