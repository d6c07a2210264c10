"""kill -9 of any process at any moment, while pods are created: nothing is lost, doubled, moved or restarted."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from peapod.v1 import pod_pb2
from peapod.v1 import pod_service_pb2 as pb
from tests.support.apiserver import connected
from tests.support.creation import Creation
from tests.support.following import following
from tests.support.histories import History, answered
from tests.support.kubelet import delete
from tests.support.objects import make_pod
from tests.support.processes import Victim
from tests.support.worlds import (
    SIMULATED,
    World,
    all_run,
    create,
    on_docker,
    on_sandboxes,
    remove,
    simulated_nodes,
    told,
    under_up,
)

pytestmark = pytest.mark.timeout(180)

PODS = 1000
REAL_EVERY = 100
"""Of how many pods one runs for real; the others go to nodes that only say that they are there."""
ROUNDS = 2
"""How often each process is killed."""


@pytest.fixture(
    params=[
        pytest.param(on_sandboxes, id="sandboxes"),
        pytest.param(under_up, id="up"),
        pytest.param(on_docker, id="docker", marks=[pytest.mark.docker, pytest.mark.etcd]),
    ]
)
async def world(request: pytest.FixtureRequest, tmp_path: Path, node_name: str) -> AsyncGenerator[World]:
    (tmp_path / "tally").mkdir()
    async with request.param(tmp_path, node_name) as running:
        yield running


def many_pods(world: World) -> Iterator[pod_pb2.Pod]:
    for number in range(PODS):
        name = f"pod-{number:04}"
        yield make_pod(name, selector=SIMULATED) if number % REAL_EVERY else world.pod(name)


async def test_each_process_is_killed_while_pods_are_created(world: World) -> None:
    bulk = {f"pod-{number:04}" for number in range(PODS)}
    real = {"kept", "last", *(f"pod-{number:04}" for number in range(0, PODS, REAL_EVERY))}
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(connected(world.address))
        seen = await stack.enter_async_context(following(api))
        await stack.enter_async_context(simulated_nodes(api))
        await create(api, world.pod("kept", "one", "two"))
        await create(api, world.pod("ended"))
        await seen.until(lambda: all_run(seen, {"kept", "ended"}))
        kept = world.tally.processes()
        kept_as_told = told(seen, {"kept"})
        start = (await api.pods.list_pods(pb.ListPodsRequest())).revision
        histories = [History(api.pods, start) for _ in range(3)]
        watching = [asyncio.create_task(history.follow(runs("last"))) for history in histories]

        creation = Creation(api, many_pods(world))
        creating = asyncio.create_task(creation.run())
        await kill_each(world.victims[:], creation)
        await answered(lambda: delete(api, "ended"))
        await kill_each(world.victims[:], creation)
        creation.finish(PODS)
        await asyncio.wait_for(creating, 60)
        await seen.until(lambda: seen.bound.keys() >= bulk and all_run(seen, real - {"last"}))
        await create(api, world.pod("last"))
        await asyncio.wait_for(asyncio.gather(*watching), 60)

        listed = [pod.metadata.name for pod in (await api.pods.list_pods(pb.ListPodsRequest())).items]
        assert Counter(listed) == Counter(bulk | real)
        assert creation.acknowledged <= bulk
        truth = History(api.pods, start)
        await asyncio.wait_for(truth.follow(runs("last")), 60)
        check_lives(truth)
        for history in histories:
            assert history.changes == truth.changes
        assert told(seen, {"kept"}) == kept_as_told
        running = world.tally.processes()
        assert running.keys() == {"kept/one", "kept/two", *(f"{name}/main" for name in real - {"kept"})}
        assert {name: running[name] for name in ("kept/one", "kept/two")} == {
            name: kept[name] for name in ("kept/one", "kept/two")
        }
        assert world.tally.starts() == Counter({*running, "ended/main"})
        assert {one[2] for pod in told(seen, real).values() for one in pod.values()} == {0}
        await remove(world, api, seen, real)
    assert await world.node.containers() == []
    assert world.tally.processes() == {}
    assert "Traceback" not in world.logs()


async def kill_each(victims: list[Victim], creation: Creation) -> None:
    """Kill all in a random order, each at a random moment of its share of the creation, and start each at once."""
    random.shuffle(victims)
    share = PODS // ROUNDS // len(victims)
    for victim in victims:
        first = creation.let_go(share)
        await creation.reached(first + random.randrange(1, share))
        await victim.kill()
        await victim.start()


def runs(name: str) -> Callable[[pb.PodChange], bool]:
    """Make a test for the change that tells that a pod runs."""

    def told(change: pb.PodChange) -> bool:
        return change.pod.metadata.name == name and change.pod.status.phase == pod_pb2.POD_PHASE_RUNNING

    return told


def check_lives(history: History) -> None:
    """Hold a whole history against what a pod may go through: created once, bound once, and never moved."""
    versions = [change.pod.metadata.resource_version for change in history.changes]
    assert versions == sorted(versions)
    states: dict[str, pod_pb2.Pod] = {}
    for change in history.changes:
        pod = change.pod
        before = states.get(pod.metadata.name)
        states[pod.metadata.name] = pod
        if before is None:
            continue
        assert pod.metadata.uid == before.metadata.uid
        assert pod.metadata.resource_version > before.metadata.resource_version
        assert pod.spec.node_name == before.spec.node_name or not before.spec.node_name
