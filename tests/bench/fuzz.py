"""The gateway under garbage for a while: PEAPOD_FUZZ_SECONDS of it (60), beginning with PEAPOD_FUZZ_SEED (0)."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from peapod_cli.simulation.memory import resident_bytes
from tests.bench.report import Line
from tests.support.attacker import Attacker
from tests.support.garbage import ATTEMPTS, WRITES, Attempt
from tests.support.gateway import Pair, running_pair

BATCH = 500
"""Requests of one seed."""
GROWTH_MOST = 96
"""MiB that the gateway may grow by, once it is warm, however long it takes."""
HISTORY = 500
"""Changes that the gateway remembers, so that it is soon full of them."""


async def measure(folder: Path) -> AsyncIterator[Line]:
    """Send batch after batch; a request that is not answered as it should be ends it, and is shown with its seed."""
    lasting, first = float(os.environ.get("PEAPOD_FUZZ_SECONDS", "60")), int(os.environ.get("PEAPOD_FUZZ_SEED", "0"))
    async with running_pair(folder, gateway=["--history", str(HISTORY)]) as pair:
        await asyncio.to_thread(_batches, pair, first, 2)
        warm, started = resident_bytes(pair.gateway.pid), time.monotonic()
        sent = await asyncio.to_thread(_until, pair, first + 2, started + lasting)
        yield Line("garbage answered, none of it by blaming the server", sent / (time.monotonic() - started), "/s")
        grown = (resident_bytes(pair.gateway.pid) - warm) / (1 << 20)
        yield Line(f"growth of the gateway over {sent} requests", grown, "MiB", at_most=GROWTH_MOST)


def _until(pair: Pair, first: int, end: float) -> int:
    sent = 0
    for number in itertools.count(first):
        if time.monotonic() >= end:
            break
        sent += _batches(pair, number, 1)
    return sent


def _batches(pair: Pair, first: int, count: int) -> int:
    """Send the requests of some seeds, and return how many these were."""
    with Attacker(pair.address) as attacker:
        for number in range(first, first + count):
            for attempts in (ATTEMPTS, WRITES):
                _one(attacker, attempts, number)
        return attacker.answered


def _one(attacker: Attacker, attempts: st.SearchStrategy[Attempt], number: int) -> None:
    @seed(number)
    @settings(
        max_examples=BATCH, phases=[Phase.generate], deadline=None, suppress_health_check=[*HealthCheck], database=None
    )
    @given(attempts)
    def each(attempt: Attempt) -> None:
        attacker.send(attempt)

    each()
