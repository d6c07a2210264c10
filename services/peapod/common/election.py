"""Which of several equal processes is at work: the one that holds a lease (lease.proto).

Whoever leads renews the lease, and stops its work in time when it cannot. Whoever stands by takes the lease over once
it has not changed for its duration, each by their own clock, or as soon as it was let go of.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import grpc.aio

from peapod.common import kinds, process
from peapod.common.backoff import Backoff
from peapod.common.errors import AlreadyExists, Conflict, NotFound, PeapodError, TooLate, Unavailable, from_rpc
from peapod.common.follower import Follower, source_of
from peapod.common.informer import Informer
from peapod.common.tenure import patience, released, renewed, same_tenure, taken
from peapod.v1.lease_pb2 import Lease
from peapod.v1.lease_service_pb2 import CreateLeaseRequest, GetLeaseRequest, UpdateLeaseRequest
from peapod.v1.lease_service_rpc import LeaseServiceClient

logger = logging.getLogger(__name__)

DURATION_SECONDS = 6
ANSWER_SECONDS = 2.0
RETRY_SECONDS = 0.2
GOODBYE_SECONDS = 1.0

T = TypeVar("T")
Work = Callable[[], Awaitable[None]]


class Election:
    """One process's part in the election for a lease; `identity` tells it from the others.

    It leads with `caches` that have seen all that earlier leaders wrote. `channel` is one without a fence.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        name: str,
        identity: str,
        caches: Sequence[Follower[Any]],
        *,
        duration: int = DURATION_SECONDS,
    ) -> None:
        self._client = LeaseServiceClient(channel)
        self._name = name
        self._identity = identity
        self._caches = caches
        self._duration = duration
        self._renew_seconds = duration / 3
        # What a leader still has under way when it stops is to be over when another one begins.
        self._lead_seconds = duration * 5 / 6
        self._leases: Informer[Lease] = Informer(
            source_of(kinds.LEASE, self._client, fields=f"metadata.name={name}"), name=f"lease {name}"
        )
        self._leases.on_change(lambda *_: self._changed())
        self._lease = Lease()
        self._changed_at = 0.0
        self._news = asyncio.Event()
        self._transitions = 0
        self.leading = False

    def token(self) -> str:
        """What fences this process's writes: the lease, as it was when this process took it last."""
        return f"{self._name}/{self._transitions}"

    async def run(self, work: Work) -> None:
        """Stand by, and have `work` done while this process leads, until cancelled; then the lease is let go of.

        `work` is cancelled when the lease is lost, and called again when it is won again.
        """
        watching = process.spawn(self._leases.run, f"lease {self._name}")
        try:
            await process.forever(f"leading as {self._name}", lambda: self._lead(work), backoff=Backoff(0.1, 1))
        finally:
            await process.end(watching)

    async def _lead(self, work: Work) -> None:
        until = await self._win()
        self._transitions, self.leading = self._lease.spec.transitions, True
        logger.info("%s leads (lease %s, transition %d)", self._identity, self._name, self._transitions)
        working = asyncio.create_task(self._work(work), name=f"work of {self._name}")
        try:
            await self._hold(until, working)
        except asyncio.CancelledError:
            await process.end(working)
            await self._let_go()
            raise
        finally:
            self.leading = False
            await process.end(working)
            logger.info("%s leads no more", self._identity)

    async def _work(self, work: Work) -> None:
        for cache in self._caches:
            await _answered(cache.reach(self._lease.metadata.resource_version))
        await work()

    async def _win(self) -> float:
        """Wait for the lease and take it; return until when to lead."""
        await self._leases.synced()
        while True:
            self._news.clear()
            lease = self._leases.objects.get(("", self._name))
            asked = time.monotonic()
            left = patience(lease, self._identity, asked - self._changed_at)
            if not left:
                if await self._take(lease):
                    return asked + self._lead_seconds
                left = self._duration
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._news.wait()

    async def _take(self, lease: Lease | None) -> bool:
        """Take the lease as it was seen, unless somebody else was quicker."""
        wish = taken(lease, self._name, self._identity, self._duration)
        try:
            self._lease = await (self._update(wish) if lease else self._create(wish))
        except (AlreadyExists, Conflict, NotFound):
            return False
        return True

    async def _hold(self, until: float, working: asyncio.Task[None]) -> None:
        """Renew the lease until the work ends. Raises what ended it, or why the lease is lost."""
        while not working.done():
            until = await self._renew(until)
            await asyncio.wait({working}, timeout=self._renew_seconds)
        working.result()

    async def _renew(self, until: float) -> float:
        """Renew the lease, by some moment, and return until when it is held then."""
        while (asked := time.monotonic()) < until:
            try:
                await self._write(renewed, until - asked)
            except (Unavailable, TooLate):
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return asked + self._lead_seconds
        raise TooLate("the lease could not be renewed in time")

    async def _let_go(self) -> None:
        """Leave the lease to whoever waits for it; should that fail, they wait until it has run out."""
        with suppress(PeapodError):
            await self._write(released, GOODBYE_SECONDS)
            logger.info("%s let go of the lease %s", self._identity, self._name)

    async def _write(self, change: Callable[[Lease], Lease], seconds: float) -> None:
        """Change the lease while it is ours. Raises `Conflict` when it is not any more."""
        try:
            self._lease = await self._update(change(self._lease), seconds)
        except Conflict:
            # What was written before may have been stored although its answer was lost.
            request = GetLeaseRequest(name=self._name)
            current = (await _answered(self._client.get_lease(request, timeout=seconds))).lease
            if not same_tenure(current, self._lease):
                raise
            self._lease = await self._update(change(current), seconds)

    async def _create(self, lease: Lease) -> Lease:
        request = CreateLeaseRequest(lease=lease)
        return (await _answered(self._client.create_lease(request, timeout=ANSWER_SECONDS))).lease

    async def _update(self, lease: Lease, seconds: float = ANSWER_SECONDS) -> Lease:
        request = UpdateLeaseRequest(lease=lease)
        return (await _answered(self._client.update_lease(request, timeout=seconds))).lease

    def _changed(self) -> None:
        self._changed_at = time.monotonic()
        self._news.set()


async def _answered(call: Awaitable[T]) -> T:
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        raise from_rpc(error) from error
