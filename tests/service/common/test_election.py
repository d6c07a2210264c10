"""Elections at a real apiserver: one leads at any time, and another one as soon as it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio
import pytest

from peapod.common import kinds, process
from peapod.common.channel import open_channel
from peapod.common.election import Election
from peapod.common.errors import from_rpc
from peapod.common.fence import REASON, fenced
from peapod.common.follower import source_of
from peapod.common.informer import Informer
from peapod.v1 import lease_service_pb2 as leases
from peapod.v1.lease_pb2 import Lease
from peapod.v1.lease_service_rpc import LeaseServiceClient
from peapod.v1.node_pb2 import Node
from peapod.v1.node_service_pb2 import CreateNodeRequest
from peapod.v1.node_service_rpc import NodeServiceClient
from tests.support.apiserver import OwnApi, running_apiserver
from tests.support.following import PATIENCE
from tests.support.objects import make_node

DURATION = 2


class Candidate:
    """One process's part, and how often and since when it leads."""

    def __init__(self, address: str, identity: str) -> None:
        self._channel = open_channel(address)
        self._nodes: Informer[Node] = Informer(source_of(kinds.NODE, kinds.NODE.client(self._channel)), name="nodes")
        self.election = Election(self._channel, "tests", identity, [self._nodes], duration=DURATION)
        self.terms = 0
        self.knew: set[str] = set()
        self.began = asyncio.Event()
        self.ended = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def work(self) -> None:
        self.terms += 1
        self.knew = {name for _, name in self._nodes.objects}
        self.began.set()
        self.ended.clear()
        try:
            await asyncio.Event().wait()
        finally:
            self.began.clear()
            self.ended.set()

    def start(self) -> None:
        self._tasks = [
            process.spawn(self._nodes.run, "nodes"),
            asyncio.create_task(self.election.run(self.work)),
        ]

    async def stop(self) -> None:
        await process.end(*self._tasks)
        await self._channel.close()


@asynccontextmanager
async def candidate(api: OwnApi, identity: str) -> AsyncGenerator[Candidate]:
    one = Candidate(api.address, identity)
    one.start()
    try:
        yield one
    finally:
        await one.stop()


async def soon(event: Awaitable[object]) -> None:
    await asyncio.wait_for(event, PATIENCE)


async def lease_of(api: OwnApi) -> Lease:
    return (await LeaseServiceClient(api.channel).get_lease(leases.GetLeaseRequest(name="tests"))).lease


async def test_one_leads_while_the_other_stands_by_and_takes_over_at_once_when_it_stops(api: OwnApi) -> None:
    async with candidate(api, "first") as first:
        await soon(first.began.wait())
        async with candidate(api, "second") as second:
            # For longer than the lease holds, so that it must have been renewed.
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(second.began.wait(), DURATION * 1.5)
            assert (first.terms, second.terms) == (1, 0)
            await first.stop()
            await asyncio.wait_for(second.began.wait(), DURATION / 2)
            assert not first.began.is_set()
            held = (await lease_of(api)).spec
            assert (held.holder_identity, held.transitions) == ("second", 2)


async def test_who_takes_over_has_seen_all_that_was_written_before(api: OwnApi) -> None:
    async with candidate(api, "second") as second:
        await soon(second.began.wait())
        async with candidate(api, "third") as third:
            for number in range(100):
                await api.nodes.create_node(CreateNodeRequest(node=make_node(f"n{number}")))
            await second.stop()
            await soon(third.began.wait())
            assert len(third.knew) == 100


async def test_who_lost_the_lease_stops_and_stands_by_again(api: OwnApi) -> None:
    async with candidate(api, "first") as first:
        await soon(first.began.wait())
        client = LeaseServiceClient(api.channel)
        stolen = await lease_of(api)
        stolen.spec.holder_identity = "thief"
        stolen.spec.transitions += 1
        await client.update_lease(leases.UpdateLeaseRequest(lease=stolen))
        await soon(first.ended.wait())
        assert not first.election.leading
        await soon(first.began.wait())
        assert first.election.token() == "tests/3"


async def test_who_cannot_renew_stops_before_the_lease_runs_out_and_goes_on_later(tmp_path: Path) -> None:
    store = tmp_path / "peapod.db"
    async with running_apiserver(store) as api:
        address = api.address
        first = Candidate(address, "first")
        first.start()
        await soon(first.began.wait())
    lost = asyncio.get_running_loop().time()
    await soon(first.ended.wait())
    assert asyncio.get_running_loop().time() - lost < DURATION
    async with running_apiserver(store, address=address):
        await soon(first.began.wait())
        assert first.terms == 2
        await first.stop()


async def test_an_earlier_self_is_not_waited_for(api: OwnApi) -> None:
    earlier = Candidate(api.address, "same")
    earlier.start()
    await soon(earlier.began.wait())
    async with candidate(api, "same") as later:
        await asyncio.wait_for(later.began.wait(), DURATION / 2)
        assert later.election.token() == "tests/2"
        await soon(earlier.ended.wait())
        await earlier.stop()


async def test_who_lost_the_lease_can_write_no_more_and_whoever_has_it_can(api: OwnApi) -> None:
    async with candidate(api, "same") as earlier:
        await soon(earlier.began.wait())
        before = earlier.election.token()
        nodes = NodeServiceClient(fenced(api.channel, lambda: before))
        await nodes.create_node(CreateNodeRequest(node=make_node("a")))
        await earlier.stop()
    async with candidate(api, "same") as later:
        await soon(later.began.wait())
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await nodes.create_node(CreateNodeRequest(node=make_node("b")))
        assert from_rpc(refused.value).reason == REASON
        after = NodeServiceClient(fenced(api.channel, later.election.token))
        await after.create_node(CreateNodeRequest(node=make_node("b")))
