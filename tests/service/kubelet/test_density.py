"""A hundred pods of two containers on one node cost next to nothing while nothing changes, and one more costs no more
than the first.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from peapod.kubelet.runtime.runtime import Observed
from peapod.v1 import pod_pb2
from tests.bench.processes import cpu_seconds
from tests.support.apiserver import Api, OwnApi
from tests.support.following import Following
from tests.support.kubelet import TroubledRuntime, create, running_kubelet, told
from tests.support.pods import make_pod
from tests.support.processes import Node, kubelet_process

NAMES = [f"pod-{number}" for number in range(100)]
PATIENCE = 120.0
REST_SECONDS = 5.0


async def fill(api: Api, seen: Following, node: str) -> None:
    """Have a hundred pods run, and all of it told."""
    for name in NAMES:
        await create(api, make_pod("one", "two", name=name), node)
    await seen.until(lambda: all(told(seen, name).phase == pod_pb2.POD_PHASE_RUNNING for name in NAMES), PATIENCE)
    await seen.until(lambda: sum(event.reason == "started" for event in seen.events) == 2 * len(NAMES), PATIENCE)


async def test_a_kubelet_at_rest_uses_less_than_a_twentieth_of_a_core(
    api: OwnApi, seen: Following, tmp_path: Path
) -> None:
    kubelet = kubelet_process(Node(tmp_path, "n1", "hollow"), tmp_path, api.address)
    try:
        await kubelet.start()
        await fill(api, seen, "n1")
        before = cpu_seconds(kubelet.pid)
        await asyncio.sleep(REST_SECONDS)
        assert (cpu_seconds(kubelet.pid) - before) / REST_SECONDS < 0.05
    finally:
        await kubelet.stop()


class NotedRuntime(TroubledRuntime):
    """Notes which pods it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    async def list(self, uid: str = "") -> list[Observed]:
        self.asked.add(uid)
        return await super().list(uid)


async def test_the_hundred_and_first_pod_is_looked_at_alone(api: OwnApi, seen: Following, root: Path) -> None:
    runtime = NotedRuntime()
    async with running_kubelet(api, runtime, root):
        await fill(api, seen, "n1")
        runtime.asked.clear()
        await create(api, make_pod("one", "two", name="last"))
        await seen.until(lambda: told(seen, "last").phase == pod_pb2.POD_PHASE_RUNNING, PATIENCE)
        assert runtime.asked == {seen.pods["last"].metadata.uid}
