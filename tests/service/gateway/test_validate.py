"""How the parts of the cluster are, as the gateway tells it."""

from __future__ import annotations

from peapod.v1.node_service_pb2 import CreateNodeRequest
from tests.support.apiserver import OwnApi
from tests.support.forwarding import Browser
from tests.support.objects import FALSE, make_node


async def test_what_can_be_told_is_told_and_nothing_else(api: OwnApi, browser: Browser) -> None:
    ill = make_node("n2", ready=FALSE)
    ill.status.conditions[0].message = "the engine does not answer"
    for node in (make_node("n1"), ill, make_node("n3", ready=None)):
        await api.nodes.create_node(CreateNodeRequest(node=node))
    answer = await browser.ask("/validate")
    assert answer.status == 200
    assert answer.json == [
        {"component": "apiserver", "health": "success", "msg": "ok", "err": "nil"},
        {"component": "node-0", "health": "success", "msg": "n1: ok", "err": "nil"},
        {"component": "node-1", "health": "failure", "healthCode": 1, "err": "n2: the engine does not answer"},
        {"component": "node-2", "health": "unknown", "healthCode": 2, "err": "n3: it has not said that it is ready"},
    ]


async def test_an_apiserver_that_is_away_is_the_one_thing_known(api: OwnApi, browser: Browser) -> None:
    await api.apiserver.stop()
    answer = await browser.ask("/validate")
    (component,) = answer.json
    assert (answer.status, component["component"], component["health"]) == (200, "apiserver", "failure")
    assert component["healthCode"] == 1
    assert component["err"].startswith("UNAVAILABLE: ")
