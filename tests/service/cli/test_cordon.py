"""`peapod cordon` and `uncordon`."""

from __future__ import annotations

import pytest

from peapod.v1.node_service_pb2 import GetNodeRequest, HeartbeatNodeRequest
from tests.service.cli.conftest import Outcome, Run
from tests.support.apiserver import Api
from tests.support.objects import make_node


@pytest.fixture(autouse=True)
async def two_nodes(api: Api) -> None:
    """Have nodes n1 and n2."""
    for name in ("n1", "n2"):
        await api.nodes.heartbeat_node(HeartbeatNodeRequest(node=make_node(name)))


async def closed(api: Api, name: str = "n1") -> bool:
    return (await api.nodes.get_node(GetNodeRequest(name=name))).node.spec.unschedulable


async def test_a_node_is_closed_and_opened_again(peapod: Run, api: Api) -> None:
    for _ in range(2):
        assert await peapod("cordon", "n1") == Outcome(0, "minions/n1 cordoned\n", "")
        assert await closed(api)
        assert (await peapod("get", "node", "n1")).out.split()[-1] == "NotSchedulable,Ready"
    for _ in range(2):
        assert await peapod("uncordon", "node/n1") == Outcome(0, "minions/n1 uncordoned\n", "")
        assert not await closed(api)
    assert (await peapod("get", "node", "n1")).out.split()[-1] == "Ready"


async def test_a_heartbeat_does_not_open_it(peapod: Run, api: Api) -> None:
    await peapod("cordon", "n1")
    await api.nodes.heartbeat_node(HeartbeatNodeRequest(node=make_node("n1", cpu="8")))
    assert await closed(api)


async def test_of_several_those_that_are_there_are_closed(peapod: Run, api: Api) -> None:
    outcome = await peapod("cordon", "n1", "nope", "n2")
    assert outcome == Outcome(1, "minions/n1 cordoned\nminions/n2 cordoned\n", 'error: Node "nope" not found\n')
    assert await closed(api, "n2")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("cordon", "name a node: peapod cordon NODE"),
        ("uncordon", "name a node: peapod uncordon NODE"),
        ("cordon n1 pod/web", "pods take no pods; name a node"),
    ],
)
async def test_what_cannot_be_closed_is_said(peapod: Run, api: Api, line: str, why: str) -> None:
    assert await peapod(*line.split()) == Outcome(1, "", f"error: {why}\n")
    assert not await closed(api)
