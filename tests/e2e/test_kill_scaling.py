"""kill -9 of apiserver, scheduler or controllers while a replication controller grows and shrinks: every time it ends
at the right count, with all its pods running, and none was moved or beyond what was asked for on the way.

With PEAPOD_LONG_TESTS=true it goes on for much longer.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from peapod.common.kinds import REPLICATION_CONTROLLER
from tests.support.apiserver import Api, connected
from tests.support.cluster import PATIENCE
from tests.support.cluster import running as runs
from tests.support.controllers import create, make_controller, resize
from tests.support.following import Following, following
from tests.support.histories import answered
from tests.support.lengths import LONG
from tests.support.model.chronicle import Chronicle, chronicle
from tests.support.service_process import ServiceProcess, running

KILLS = 50 if LONG else 6
COUNTS = (100, 60, 25, 0)


class World:
    """A control plane that can be killed, nodes without containers, and a watcher."""

    def __init__(
        self, state: Path, victims: list[ServiceProcess], api: Api, seen: Following, chronicle: Chronicle
    ) -> None:
        self._state = state
        self.victims = victims
        self.api = api
        self._seen = seen
        self._chronicle = chronicle

    async def settled(self, count: int) -> None:
        """Wait until there are so many pods, all of them run, and the controller says so; no law was broken then."""

        def holds() -> bool:
            told = [controller.status.replicas for controller in self._seen.of(REPLICATION_CONTROLLER).values()]
            pods = self._seen.pods.values()
            return told == [count] == [len(pods)] and all(map(runs, pods))

        await self._seen.until(holds, PATIENCE)
        await answered(self._chronicle.check)
        self._chronicle.laws.settled()

    def logs(self) -> str:
        """What all services have said."""
        return "".join(log.read_text() for log in self._state.glob("*.log"))


@asynccontextmanager
async def world(state: Path) -> AsyncGenerator[World]:
    async with AsyncExitStack() as stack:

        async def run(name: str, *flags: str) -> ServiceProcess:
            arguments = [*flags, "--log-level", "warning"]
            log = state / f"{name}.log"
            return await stack.enter_async_context(running(f"peapod.{name}", arguments, log))

        apiserver = await run("apiserver", "--store", f"sqlite:///{state}/peapod.db")
        client = ["--apiserver", apiserver.address]
        victims = [apiserver, *[await run(name, *client, "--identity", name) for name in ("scheduler", "controllers")]]
        await run("kubelet.simulated", *client, "--root-dir", str(state / "nodes"), "--nodes", "5")
        api = await stack.enter_async_context(connected(apiserver.address))
        seen = await stack.enter_async_context(following(api, REPLICATION_CONTROLLER))
        written = await stack.enter_async_context(chronicle(api))
        yield World(state, victims, api, seen, written)


@pytest.mark.timeout(KILLS * PATIENCE)
async def test_the_count_is_right_after_every_kill(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await create(here.api, make_controller("shop", 50))
        await here.settled(50)
        asked = 50
        for _ in range(KILLS):
            victim = random.choice(here.victims)
            for asked in random.sample([count for count in COUNTS if count != asked], 2):
                await resize(here.api, "shop", asked)
                await asyncio.sleep(random.uniform(0, 0.3))
            await victim.kill()
            await victim.start()
            await here.settled(asked)
    assert "Traceback" not in here.logs()
