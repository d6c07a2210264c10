"""kill -9 of a kubelet in the middle of what it does: each container is started once, and ended when it should be."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from peapod.v1 import pod_pb2
from tests.support import images
from tests.support.apiserver import Api, connected
from tests.support.following import Following, following
from tests.support.histories import answered
from tests.support.kubelet import delete
from tests.support.processes import Node, kubelet_process
from tests.support.service_process import ServiceProcess
from tests.support.tally import Tally
from tests.support.wire import Wire, wire_to
from tests.support.worlds import all_run, create, gone, told

pytestmark = pytest.mark.timeout(120)

KILLS = 4


@dataclass(frozen=True)
class Pair:
    """An apiserver and a kubelet, which speaks to it by a wire that can be held."""

    apiserver: ServiceProcess
    wire: Wire
    kubelet: ServiceProcess
    node: Node
    tally: Tally
    api: Api
    seen: Following

    def pod(self, name: str, *containers: str) -> pod_pb2.Pod:
        pod = self.tally.pod(name, containers or ("main",))
        pod.spec.node_name = self.node.name
        return pod

    def home(self, name: str) -> Path:
        """Where the node keeps what belongs to a pod."""
        return self.node.root / "pods" / self.seen.pods[name].metadata.uid

    async def until_run(self, *names: str) -> None:
        await self.seen.until(lambda: all_run(self.seen, names))


@pytest.fixture(
    params=[
        pytest.param(("sandbox", "host"), id="sandbox"),
        pytest.param(("docker", "peapod-test/busybox:1"), id="docker", marks=pytest.mark.docker),
    ]
)
async def pair(request: pytest.FixtureRequest, tmp_path: Path, node_name: str) -> AsyncGenerator[Pair]:
    runtime, image = request.param
    (tmp_path / "tally").mkdir()
    tally = Tally(tmp_path / "tally", images.ensure(image) if runtime == "docker" else image)
    node = Node(tmp_path, node_name, runtime)
    apiserver = ServiceProcess("peapod.apiserver", ["--store", f"sqlite:///{tmp_path}/peapod.db"], tmp_path / "api.log")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(node.clear)
        stack.push_async_callback(apiserver.stop)
        await apiserver.start()
        wire = await stack.enter_async_context(wire_to(apiserver.address))
        kubelet = kubelet_process(node, tmp_path, wire.address)
        stack.push_async_callback(kubelet.stop)
        await kubelet.start()
        api = await stack.enter_async_context(connected(apiserver.address))
        seen = await stack.enter_async_context(following(api))
        yield Pair(apiserver, wire, kubelet, node, tally, api, seen)
        assert "Traceback" not in (tmp_path / "kubelet.log").read_text()


async def test_it_is_killed_before_it_can_tell_what_it_has_started(pair: Pair) -> None:
    await pair.seen.until(lambda: pair.node.name in pair.seen.nodes)
    pair.wire.hold_requests()
    await create(pair.api, pair.pod("web", "one", "two"))
    await pair.tally.until_counted({"web/one": 1, "web/two": 1})
    before = pair.tally.processes()
    assert not all_run(pair.seen, ["web"])
    await pair.kubelet.kill()
    pair.wire.release()
    await pair.kubelet.start()
    await pair.until_run("web")
    assert pair.tally.processes() == before
    assert {restarts for _, _, restarts in told(pair.seen, ["web"])["web"].values()} == {0}
    network = 1 if pair.node.runtime == "docker" else 0
    assert len(await pair.node.containers()) == 2 + network


async def test_it_is_killed_again_and_again_while_it_starts_containers(pair: Pair) -> None:
    names = [f"pod-{number}" for number in range(2 * KILLS)]
    for number in range(KILLS):
        for name in names[2 * number : 2 * number + 2]:
            await create(pair.api, pair.pod(name))
        await asyncio.sleep(random.uniform(0, 0.6))  # any moment
        await pair.kubelet.kill()
        await pair.kubelet.start()
    await pair.until_run(*names)
    assert pair.tally.starts() == Counter(f"{name}/main" for name in names)
    assert pair.tally.processes().keys() == pair.tally.starts().keys()
    assert {containers["main"][2] for containers in told(pair.seen, names).values()} == {0}


async def test_what_was_deleted_while_it_was_dead_is_removed(pair: Pair) -> None:
    for name in ("kept", "gone", "again"):
        await create(pair.api, pair.pod(name))
    await pair.until_run("kept", "gone", "again")
    before = pair.tally.processes()
    homes = [pair.home("gone"), pair.home("again")]
    await pair.kubelet.kill()
    await delete(pair.api, "gone")
    await delete(pair.api, "again")
    await create(pair.api, pair.pod("again"))
    await pair.kubelet.start()
    await gone(homes)
    await pair.until_run("kept", "again")
    now = pair.tally.processes()
    assert now.keys() == {"kept/main", "again/main"}
    assert now["kept/main"] == before["kept/main"]
    assert now["again/main"] != before["again/main"]


async def test_it_is_killed_while_it_removes_containers(pair: Pair) -> None:
    names = [f"pod-{number}" for number in range(KILLS)]
    for name in names:
        await create(pair.api, pair.pod(name, "one", "two"))
    await pair.until_run(*names)
    homes = [pair.home(name) for name in names]
    for name in names:
        await delete(pair.api, name)
        await asyncio.sleep(random.uniform(0, 0.2))  # any moment
        await pair.kubelet.kill()
        await pair.kubelet.start()
    await gone(homes)
    assert await pair.node.containers() == []
    assert pair.tally.processes() == {}


async def test_containers_are_looked_after_while_the_apiserver_is_dead_and_nothing_is_removed(pair: Pair) -> None:
    for name in ("web", "fails"):
        await create(pair.api, pair.pod(name))
    await pair.until_run("web", "fails")
    before = pair.tally.processes()
    await pair.apiserver.kill()
    os.kill(before["fails/main"][0], signal.SIGKILL)
    await pair.tally.until_counted({"web/main": 1, "fails/main": 2})
    await pair.kubelet.kill()
    await pair.kubelet.start()
    await pair.apiserver.start()
    await answered(lambda: create(pair.api, pair.pod("later")))
    await pair.until_run("web", "fails", "later")
    await pair.seen.until(lambda: told(pair.seen, ["fails"])["fails"]["main"][2] == 1)
    assert pair.tally.processes()["web/main"] == before["web/main"]
    assert pair.tally.starts() == {"web/main": 1, "fails/main": 2, "later/main": 1}
