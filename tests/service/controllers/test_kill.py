"""Controllers that are killed, stopped, or paused and woken again: others go on, the count is right in the end, and
never beyond what is asked for on the way.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from peapod.common.kinds import LEASE, REPLICATION_CONTROLLER
from peapod.v1.lease_pb2 import Lease
from tests.support.apiserver import Api, connected
from tests.support.controllers import create, make_controller, resize
from tests.support.following import Following, following
from tests.support.histories import answered
from tests.support.service_process import ServiceProcess, running

TAKEOVER_SECONDS = 10.0


class Cluster:
    """An apiserver and two processes of controllers, and what a watcher sees of pods and of who leads."""

    def __init__(self, apiserver: ServiceProcess, controllers: dict[str, ServiceProcess], api: Api, seen: Following):
        self.apiserver = apiserver
        self.controllers = controllers
        self.api = api
        self.seen = seen
        self.most = 0
        seen.informers[0].on_change(lambda *_: self._count())

    @property
    def lease(self) -> Lease:
        found: Lease = self.seen.of(LEASE).get("controllers", Lease())
        return found

    def leader(self) -> str:
        return self.lease.spec.holder_identity

    async def settled(self, count: int) -> None:
        """Wait until there are so many pods, and the controller says so."""

        def holds() -> bool:
            found = self.seen.of(REPLICATION_CONTROLLER).get("shop")
            return found is not None and len(self.seen.pods) == count == found.status.replicas

        await self.seen.until(holds)

    async def resize(self, replicas: int) -> None:
        await answered(lambda: resize(self.api, "shop", replicas))

    def _count(self) -> None:
        self.most = max(self.most, len(self.seen.pods))


@asynccontextmanager
async def cluster(tmp_path: Path, *identities: str) -> AsyncGenerator[Cluster]:
    async with AsyncExitStack() as stack:
        store = ["--store", f"sqlite:///{tmp_path}/peapod.db"]
        apiserver = await stack.enter_async_context(running("peapod.apiserver", store, tmp_path / "apiserver.log"))
        controllers = {}
        for number, identity in enumerate(identities):
            flags = ["--apiserver", apiserver.address, "--identity", identity]
            log = tmp_path / f"controllers-{number}.log"
            controllers[identity] = await stack.enter_async_context(running("peapod.controllers", flags, log))
        api = await stack.enter_async_context(connected(apiserver.address))
        seen = await stack.enter_async_context(following(api, REPLICATION_CONTROLLER, LEASE))
        yield Cluster(apiserver, controllers, api, seen)


async def test_the_other_takes_over_when_the_leader_is_killed(tmp_path: Path) -> None:
    async with cluster(tmp_path, "one", "two") as here:
        await create(here.api, make_controller("shop", 100))
        await here.seen.until(lambda: len(here.seen.pods) >= 10)
        first = here.leader()
        await here.controllers[first].kill()
        killed = time.monotonic()
        await here.seen.until(lambda: here.leader() not in ("", first))
        assert time.monotonic() - killed < TAKEOVER_SECONDS
        await here.resize(120)
        await here.settled(120)
        assert here.most <= 120


async def test_the_other_takes_over_at_once_when_the_leader_is_stopped(tmp_path: Path) -> None:
    async with cluster(tmp_path, "one", "two") as here:
        await here.seen.until(lambda: here.leader() != "")
        first = here.leader()
        stopped = time.monotonic()
        assert await here.controllers[first].stop() == 0
        await here.seen.until(lambda: here.leader() not in ("", first))
        # Nobody had to wait until the lease ran out.
        assert time.monotonic() - stopped < here.lease.spec.lease_duration_seconds


async def test_a_leader_that_was_paused_does_no_harm_when_it_wakes_up(tmp_path: Path) -> None:
    async with cluster(tmp_path, "one", "two") as here:
        await create(here.api, make_controller("shop", 100))
        await here.seen.until(lambda: len(here.seen.pods) >= 10)
        first = here.leader()
        here.controllers[first].pause()
        await here.seen.until(lambda: here.leader() not in ("", first))
        await here.settled(100)
        await here.resize(20)
        await here.settled(20)
        uids = {pod.metadata.uid for pod in here.seen.pods.values()}
        here.controllers[first].resume()
        # Once the second lets go, the first, which is awake, is the one that leads.
        second = here.leader()
        held = here.lease.metadata.resource_version
        await here.seen.until(lambda: here.lease.metadata.resource_version > held)
        assert here.leader() == second
        await here.controllers[second].stop()
        await here.seen.until(lambda: here.leader() == first)
        await here.resize(30)
        await here.settled(30)
        assert uids < {pod.metadata.uid for pod in here.seen.pods.values()}, "what was there stayed"
        assert here.most <= 100
