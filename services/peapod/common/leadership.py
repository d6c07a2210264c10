"""How a service of which only one is to be at work runs its loops: at once, or whenever it is elected."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc.aio
from prometheus_client import CollectorRegistry, Gauge

from peapod.common import process
from peapod.common.config import ServiceConfig, option
from peapod.common.election import Election
from peapod.common.fence import fenced
from peapod.common.follower import Follower

Loops = Mapping[str, Callable[[], Awaitable[None]]]


@dataclass(frozen=True)
class ElectedConfig(ServiceConfig):
    """What a service can be told of which only one may be at work."""

    leader_elect: bool = option(True, "work only while no other process of this kind does")
    identity: str = option(
        "",
        "who this process is among those of its kind, as none of them may be; one that is killed and comes back as the "
        "same goes on at once; empty: somebody new each time",
    )


class Leadership:
    """Whether a process may be at work. What that writes goes through `channel`, so that it is refused once another
    process is at work; `lease` names what they share, and `caches` are what the work knows.
    """

    def __init__(
        self, config: ElectedConfig, channel: grpc.aio.Channel, lease: str, caches: Sequence[Follower[Any]]
    ) -> None:
        self._election: Election | None = None
        self.channel = channel
        if config.leader_elect:
            self._election = Election(channel, lease, config.identity or _somebody_new(), caches)
            self.channel = fenced(channel, self._election.token)

    @property
    def leading(self) -> bool:
        """Whether this process may be at work."""
        return self._election is None or self._election.leading

    def register(self, registry: CollectorRegistry) -> None:
        """Add to a server's registry whether this process is at work."""
        gauge = Gauge("peapod_leading", "Whether this process is the one at work.", registry=registry)
        gauge.set_function(lambda: self.leading)

    async def run(self, loops: Loops) -> None:
        """Keep the loops going while this process may be at work, until cancelled."""
        if self._election is None:
            await _run_all(loops)
        else:
            await self._election.run(lambda: _run_all(loops))


async def _run_all(loops: Loops) -> None:
    async with asyncio.TaskGroup() as group:
        for name, run in loops.items():
            group.create_task(process.forever(name, run), name=name)


def _somebody_new() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
