"""Explanations through the apiserver, as clients get them."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from peapod.common.errors import NotFound, PeapodError, Unavailable, from_rpc
from peapod.v1 import pod_service_pb2 as pods
from peapod.v1.placement_pb2 import Placement
from tests.service.scheduler.conftest import running_scheduler
from tests.service.scheduler.test_scheduling import create, report
from tests.support.apiserver import OwnApi, running_apiserver
from tests.support.following import following
from tests.support.objects import FALSE, make_node, make_pod


async def explained(api: OwnApi, name: str) -> Placement:
    return (await api.pods.explain_pod(pods.ExplainPodRequest(namespace="default", name=name))).placement


async def refusal(api: OwnApi, name: str) -> PeapodError:
    with pytest.raises(grpc.RpcError) as caught:
        await explained(api, name)
    return from_rpc(caught.value)


async def test_a_pod_is_explained_node_by_node(tmp_path: Path) -> None:
    socket = f"unix:{tmp_path}/scheduler"
    async with running_apiserver(tmp_path / "db", scheduler=socket) as api, following(api) as seen:
        await report(api, make_node("n1"), make_node("n2", ready=FALSE))
        async with running_scheduler(api.address, address=socket):
            await create(api, make_pod("first", ports=[8888]))
            await seen.until(lambda: "first" in seen.bound)
            await create(api, make_pod("second", ports=[8888]))
            await seen.until(lambda: seen.told("failedScheduling", "second") != [])
            first, second = await explained(api, "first"), await explained(api, "second")
    assert (first.node_name, first.summary) == ("n1", "bound to n1, which fits with score 20 of 20")
    failures = {verdict.node_name: [f.predicate for f in verdict.failures] for verdict in second.nodes}
    assert failures == {"n1": ["PodFitsPorts"], "n2": ["NodeUsable"]}
    why = "no node fits: 1 node: host port 8888 is taken by default/first (n1); 1 node: not ready (n2)"
    assert second.summary == f"{why}; it waits until a node changes"


async def test_a_pod_that_is_absent(tmp_path: Path) -> None:
    async with running_apiserver(tmp_path / "db", scheduler=f"unix:{tmp_path}/scheduler") as api:
        assert isinstance(await refusal(api, "web"), NotFound)


@pytest.mark.parametrize(
    ("settings", "said"), [({}, "--scheduler"), ({"scheduler": "127.0.0.1:1"}, "no scheduler answers now")]
)
async def test_without_a_scheduler_that_is_said(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    async with running_apiserver(tmp_path / "db", **settings) as api:
        await create(api, make_pod("web"))
        problem = await refusal(api, "web")
    assert isinstance(problem, Unavailable)
    assert said in problem.message


async def test_nothing_is_explained_before_the_cluster_is_known(tmp_path: Path) -> None:
    socket = f"unix:{tmp_path}/scheduler"
    async with running_apiserver(tmp_path / "db", scheduler=socket) as api:
        await create(api, make_pod("web"))
        async with running_scheduler("127.0.0.1:1", address=socket):
            assert isinstance(await refusal(api, "web"), Unavailable)
