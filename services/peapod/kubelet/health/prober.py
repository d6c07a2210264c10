"""One probe of one container, asked again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from peapod.kubelet.health.handlers import Failed, Handlers, Target
from peapod.kubelet.runtime.runtime import ContainerGone, RuntimeUnavailable
from peapod.rules.pod_defaults import PROBE_PERIOD_SECONDS, PROBE_TIMEOUT_SECONDS
from peapod.v1 import pod_pb2

TRIES = 3
"""In a row; the first that succeeds is the verdict."""

EXECS = 8
"""Commands of probes that are begun at the same time; each is hard work for an engine."""
CONNECTIONS = 256
"""Connections of probes that are begun at the same time."""
TURN_SECONDS = 1.0
"""What takes longer than this only waits, and is in nobody's way."""

Verdict = Failed | None
"""None is well."""


class Turns:
    """Lets the probes of a node take their turns, so that they don't overwhelm it, nor hold each other up."""

    def __init__(self) -> None:
        self._execs = asyncio.Semaphore(EXECS)
        self._connections = asyncio.Semaphore(CONNECTIONS)

    @asynccontextmanager
    async def take(self, probe: pod_pb2.Probe) -> AsyncGenerator[None]:
        """Wait for a turn of a probe, and hold it until the block ends, or for `TURN_SECONDS`."""
        turns = self._execs if probe.handler.HasField("exec") else self._connections
        await turns.acquire()
        held = [turns]

        def give_back() -> None:
            if held:
                held.pop().release()

        timer = asyncio.get_running_loop().call_later(TURN_SECONDS, give_back)
        try:
            yield
        finally:
            timer.cancel()
            give_back()


@dataclass(slots=True)
class Prober:
    """Asks until cancelled, and passes each verdict on."""

    probe: pod_pb2.Probe
    target: Target
    due: float
    """When the first try may be, by the event loop's clock."""
    handlers: Handlers
    turns: Turns
    judge: Callable[[Verdict], None]

    async def run(self) -> None:
        """Ask at once when the first delay is over, and then so many seconds after each verdict."""
        await asyncio.sleep(self.due - asyncio.get_running_loop().time())
        while True:
            # When it cannot be told how the container is, the last verdict stays.
            with suppress(ContainerGone, RuntimeUnavailable):
                self.judge(await self._verdict())
            await asyncio.sleep(self.probe.period_seconds or PROBE_PERIOD_SECONDS)

    async def _verdict(self) -> Verdict:
        """Try until it goes well; waiting for a turn takes nothing of the time that a try has."""
        verdict: Verdict = None
        for _ in range(TRIES):
            async with self.turns.take(self.probe):
                verdict = await self._try()
            if verdict is None:
                break
        return verdict

    async def _try(self) -> Verdict:
        seconds = self.probe.timeout_seconds or PROBE_TIMEOUT_SECONDS
        return await self.handlers.act(self.probe.handler, self.target, seconds)


def due(probe: pod_pb2.Probe, ran: float) -> float:
    """When a probe may begin, by the event loop's clock, of a container that has run for `ran` seconds."""
    left = max(0.0, probe.initial_delay_seconds - max(0.0, ran))
    return asyncio.get_running_loop().time() + left
