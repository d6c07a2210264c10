"""Many simulated nodes in one process, against a real apiserver."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from peapod.kubelet.simulated.config import SimulatedConfig
from peapod.kubelet.simulated.server import SimulatedNodes
from peapod.v1 import pod_pb2
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import create, delete, told
from tests.support.pods import make_pod
from tests.support.wire import Wire, wire_to


@asynccontextmanager
async def simulated_nodes(address: str, root: Path) -> AsyncGenerator[None]:
    config = SimulatedConfig(apiserver=address, root_dir=str(root), name="n", nodes=3, labels=("simulation=yes",))
    nodes = SimulatedNodes(config)
    try:
        await nodes.start()
        yield
    finally:
        await nodes.stop()


def all_run(seen: Following, *names: str) -> bool:
    return all(told(seen, name).phase == pod_pb2.POD_PHASE_RUNNING for name in names)


async def test_each_node_reports_itself_and_runs_its_own_pods(api: OwnApi, seen: Following, tmp_path: Path) -> None:
    async with simulated_nodes(api.address, tmp_path):
        await seen.until(lambda: set(seen.nodes) == {"n-0", "n-1", "n-2"})
        assert {node.metadata.labels["simulation"] for node in seen.nodes.values()} == {"yes"}
        pods = [await create(api, make_pod("one", "two", name=node), node) for node in ("n-0", "n-2")]
        await seen.until(lambda: all_run(seen, "n-0", "n-2"))
        homes = [tmp_path / pod.spec.node_name / "pods" / pod.metadata.uid for pod in pods]
        assert all(home.is_dir() for home in homes)


async def test_a_container_that_ends_is_started_again_with_a_pause_as_on_any_node(
    api: OwnApi, seen: Following, tmp_path: Path
) -> None:
    pod = make_pod("main", name="web")
    pod.spec.containers[0].image = "hollow/exit:3"
    async with simulated_nodes(api.address, tmp_path):
        await create(api, pod, "n-1")
        await seen.until(
            lambda: any(one.state.waiting.reason == "CrashLoopBackOff" for one in told(seen, "web").container_statuses)
        )
        assert told(seen, "web").container_statuses[0].restart_count == 1


async def test_what_changed_while_the_apiserver_was_away_is_caught_up_with(
    api: OwnApi, seen: Following, tmp_path: Path
) -> None:
    async with wire_to(api.address) as wire, simulated_nodes(wire.address, tmp_path):
        await create(api, make_pod("main", name="old"), "n-0")
        await seen.until(lambda: all_run(seen, "old"))
        await be_away(wire, api)
        await seen.until(lambda: all_run(seen, "new") and bool(seen.told("killing", "old")))


async def be_away(wire: Wire, api: OwnApi) -> None:
    """Cut the nodes off while a pod of theirs is replaced by another."""
    await wire.close()
    await delete(api, "old")
    await create(api, make_pod("main", name="new"), "n-0")
    await wire.open()
