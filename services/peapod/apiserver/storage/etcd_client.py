"""How the etcd engine speaks to a cluster: one member at a time, and the next one when that fails."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Generic, TypeVar

import grpc
import grpc.aio
from etcd3.etcdrpc import rpc_pb2, rpc_pb2_grpc

from peapod.common import options
from peapod.common.backoff import Backoff
from peapod.common.errors import Invalid, PeapodError, StoreFull, Unavailable

S = TypeVar("S")
Stream = Any
"""A `grpc.aio.StreamStreamCall` of watch requests and responses."""

DEFINITE = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
}
"""What any member would answer. Everything else may be one that dies, or has lost its leader."""

_TRY_SECONDS = 2.0
"""How long a member may take over one answer before the next one is asked: while a leader is being elected, requests
can get lost within the cluster, and etcd says so only after seven seconds."""
_FAREWELL_SECONDS = 1.0
_LEADER_REQUIRED = (("hasleader", "true"),)
"""Has a member that lost its cluster end the watch, instead of falling silent."""

_OPTIONS = tuple(
    {
        **dict(options.CHANNEL),
        # etcd cuts off who pings it while no call is open.
        "grpc.keepalive_permit_without_calls": 0,
        # Or calls and watches would share one connection, on which a watch can starve the rest.
        "grpc.use_local_subchannel_pool": 1,
    }.items()
)


class RevisionCompacted(Exception):
    """What was asked for at some revision is compacted away."""


class Members(Generic[S]):
    """The cluster's members, each with a channel and a stub that is made when needed; one is in use until it fails."""

    def __init__(self, endpoints: Sequence[str], make_stub: Callable[[grpc.aio.Channel], S]) -> None:
        self._endpoints = endpoints
        self._make_stub = make_stub
        self._open: dict[int, tuple[grpc.aio.Channel, S]] = {}
        # At random, so that several apiservers do not all lean on the first member.
        self.current = random.randrange(len(endpoints))

    def __len__(self) -> int:
        return len(self._endpoints)

    @property
    def endpoint(self) -> str:
        """The address of the member in use."""
        return self._endpoints[self.current]

    @property
    def stub(self) -> S:
        """The stub of the member in use."""
        if self.current not in self._open:
            channel = grpc.aio.insecure_channel(self.endpoint, options=_OPTIONS)
            self._open[self.current] = channel, self._make_stub(channel)
        return self._open[self.current][1]

    def failed(self, member: int) -> None:
        """Move on to the next member, unless somebody did so already."""
        if member == self.current:
            self.current = (member + 1) % len(self._endpoints)

    async def close(self) -> None:
        """Close all channels."""
        opened, self._open = self._open, {}
        for channel, _ in opened.values():
            await channel.close()


class EtcdClient:
    """Calls that are repeated until a member answers, for at most `patience` seconds, and watches as they are."""

    def __init__(self, endpoints: Sequence[str], patience: float) -> None:
        self._patience = patience
        self._calls = Members(endpoints, rpc_pb2_grpc.KVStub)
        self.watches = Members(endpoints, rpc_pb2_grpc.WatchStub)
        self._streams: set[Stream] = set()
        self._closed = False

    async def range(self, request: rpc_pb2.RangeRequest) -> rpc_pb2.RangeResponse:
        """Read keys. Raises `RevisionCompacted`, `Unavailable`."""
        return await self._call("Range", request)

    async def txn(self, request: rpc_pb2.TxnRequest) -> rpc_pb2.TxnResponse:
        """Run a transaction, which must be one that does nothing when it is repeated.

        Raises `Unavailable` when it may have been run or may still be, `StoreFull` and `Invalid` when it was not.
        """
        return await self._call("Txn", request)

    async def leave_out(self, key: bytes) -> None:
        """Delete a key that is of no use any more, if that is quickly done."""
        with suppress(grpc.aio.AioRpcError):
            await self._calls.stub.DeleteRange(rpc_pb2.DeleteRangeRequest(key=key), timeout=_FAREWELL_SECONDS)

    async def compact(self, revision: int) -> None:
        """Compact the history up to `revision`. Raises `RevisionCompacted`, `Invalid`, `Unavailable`."""
        await self._call("Compact", rpc_pb2.CompactionRequest(revision=revision))

    @asynccontextmanager
    async def watch(self, create: rpc_pb2.WatchCreateRequest) -> AsyncGenerator[Stream, None]:
        """Open a watch on the member that is in use for watches; its stream fails when that does."""
        over = asyncio.Event()
        stream = self.watches.stub.Watch(_until(over, create), metadata=_LEADER_REQUIRED)
        self._streams.add(stream)
        try:
            yield stream
        finally:
            self._streams.discard(stream)
            over.set()
            stream.cancel()

    def end_watches(self) -> None:
        """Cancel the stream of every watch that is open."""
        for stream in tuple(self._streams):
            stream.cancel()

    async def close(self) -> None:
        """Disconnect from all members; calls that wait raise `Unavailable`."""
        self._closed = True
        await self._calls.close()
        await self.watches.close()

    async def _call(self, method: str, request: Any) -> Any:
        deadline = time.monotonic() + self._patience
        pauses = Backoff(0.02, 1)
        for attempt in itertools.count(1):
            member, endpoint = self._calls.current, self._calls.endpoint
            try:
                return await self._try(method, request, deadline - time.monotonic())
            except grpc.aio.AioRpcError as error:
                if error.code() in DEFINITE or time.monotonic() >= deadline:
                    raise _explained(error, endpoint, attempt) from error
            self._calls.failed(member)
            if attempt % len(self._calls) == 0:
                await asyncio.sleep(pauses.next() * random.uniform(0.5, 1))
        raise AssertionError("counting has no end")

    async def _try(self, method: str, request: Any, seconds: float) -> Any:
        if self._closed:
            raise Unavailable("the store is closed")
        try:
            return await getattr(self._calls.stub, method)(request, timeout=max(0.1, min(seconds, _TRY_SECONDS)))
        except asyncio.CancelledError:
            if self._closed and not is_cancelled():
                raise Unavailable("the store is closed") from None
            raise


def is_cancelled() -> bool:
    """Tell whether it is this task that is being cancelled, and not only the call that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _until(over: asyncio.Event, create: rpc_pb2.WatchCreateRequest) -> AsyncGenerator[rpc_pb2.WatchRequest, None]:
    """Ask for one watch, and say nothing more, since the end of the requests would be the end of the watch.

    Were the request written instead, a stream that is cancelled before it is connected would never say so.
    """
    yield rpc_pb2.WatchRequest(create_request=create)
    await over.wait()


def _explained(error: grpc.aio.AioRpcError, endpoint: str, attempt: int) -> PeapodError | RevisionCompacted:
    """Translate a failure; only the first attempt's is certain, since one before it may have got through."""
    code, details = error.code(), error.details() or ""
    if code == grpc.StatusCode.OUT_OF_RANGE and "compacted" in details:
        return RevisionCompacted(details)
    if attempt == 1 and code == grpc.StatusCode.RESOURCE_EXHAUSTED and "space exceeded" in details:
        return StoreFull(f"etcd at {endpoint} takes no more: {details}")
    if attempt == 1 and code in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.OUT_OF_RANGE):
        return Invalid(f"etcd at {endpoint} refuses: {details}")
    return Unavailable(f"etcd at {endpoint} does not answer: {details}; a write may have happened all the same")
