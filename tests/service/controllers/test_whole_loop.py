"""From a replication controller to the addresses behind a service, with a scheduler and hollow kubelets."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from peapod.apiserver.resources import node_report
from peapod.common.kinds import ENDPOINTS, REPLICATION_CONTROLLER, SERVICE
from peapod.controllers.nodes.conditions import is_ready
from peapod.kubelet.runtime.hollow import HollowRuntime
from peapod.v1.service_pb2 import Service
from tests.service.scheduler.conftest import running_scheduler
from tests.support.apiserver import OwnApi
from tests.support.controllers import create, make_controller, resize
from tests.support.following import Following, following
from tests.support.kinds import Objects
from tests.support.kubelet import delete, running_kubelet, until_containers
from tests.support.own_controllers import GRACE, running_controllers

NODES = ("n1", "n2")


class Cluster:
    """Two nodes, and a service in front of all that the controller "shop" makes."""

    def __init__(self, api: OwnApi, seen: Following, root: Path) -> None:
        self.api = api
        self.seen = seen
        self._root = root
        self._kubelets = {name: AsyncExitStack() for name in NODES}
        self.runtimes = {name: HollowRuntime() for name in NODES}

    async def start(self, name: str) -> None:
        """Run a node's kubelet, with the containers that it had."""
        root = self._root / name
        root.mkdir(exist_ok=True)
        settings = {"node_name": name, "heartbeat_seconds": GRACE / 8}
        kubelet = running_kubelet(self.api, self.runtimes[name], root, **settings)
        await self._kubelets[name].enter_async_context(kubelet)
        await self.seen.until(lambda: name in self.seen.nodes and is_ready(self.seen.nodes[name]))

    async def stop(self, name: str) -> None:
        await self._kubelets[name].aclose()

    def addressed(self) -> set[str]:
        """The uids of the pods behind the service."""
        found = self.seen.of(ENDPOINTS).get("shop")
        return {one.target_ref.uid for subset in found.subsets for one in subset.addresses} if found else set()

    async def settled(self, count: int) -> None:
        """Wait until so many pods are there, counted, running and behind the service."""

        def holds() -> bool:
            controller = self.seen.of(REPLICATION_CONTROLLER).get("shop")
            uids = {pod.metadata.uid for pod in self.seen.pods.values()}
            return (
                controller is not None and controller.status.replicas == count == len(uids) and self.addressed() == uids
            )

        await self.seen.until(holds)


@pytest.fixture
async def cluster(api: OwnApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Cluster]:
    monkeypatch.setattr(node_report, "STORE_SECONDS", 0)
    service = Service(metadata={"name": "shop"}, spec={"ports": [{"port": 80}], "selector": {"app": "shop"}})
    await Objects(SERVICE, api.channel).create(service)
    async with (
        following(api, REPLICATION_CONTROLLER, ENDPOINTS) as seen,
        running_scheduler(api.address),
        running_controllers(api.address, pod_eviction_timeout=GRACE),
    ):
        here = Cluster(api, seen, tmp_path)
        try:
            for name in NODES:
                await here.start(name)
            yield here
        finally:
            for name in NODES:
                await here.stop(name)


async def test_pods_run_answer_and_go_as_their_controller_grows_and_shrinks(cluster: Cluster) -> None:
    await create(cluster.api, make_controller("shop", 20))
    await cluster.settled(20)
    assert set(Counter(cluster.seen.bound.values())) == set(NODES)
    await resize(cluster.api, "shop", 5)
    await cluster.settled(5)
    for name in list(cluster.seen.pods):
        await delete(cluster.api, name)
    await cluster.settled(5)
    await resize(cluster.api, "shop", 0)
    await cluster.settled(0)
    for runtime in cluster.runtimes.values():
        await until_containers(runtime, 0)


async def test_the_pods_of_a_lost_node_are_replaced_elsewhere_and_nothing_is_there_twice_when_it_returns(
    cluster: Cluster,
) -> None:
    await create(cluster.api, make_controller("shop", 10))
    await cluster.settled(10)
    lost = {pod.metadata.uid for pod in cluster.seen.pods.values() if pod.spec.node_name == "n1"}
    assert lost
    await cluster.stop("n1")
    await cluster.seen.until(lambda: not lost & {pod.metadata.uid for pod in cluster.seen.pods.values()})
    await cluster.settled(10)
    assert set(cluster.seen.bound.values()) == {"n2"}
    await cluster.start("n1")
    await until_containers(cluster.runtimes["n1"], 0)
    await cluster.settled(10)
    await until_containers(cluster.runtimes["n2"], 10)
