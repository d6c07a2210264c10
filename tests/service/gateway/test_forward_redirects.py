"""Where the gateway says that pods and nodes answer."""

from __future__ import annotations

import pytest

from peapod.v1 import meta_pb2, node_pb2
from peapod.v1.node_service_pb2 import CreateNodeRequest
from tests.support.apiserver import OwnApi
from tests.support.forwarding import Browser, put_pod


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/api/v1beta1/redirect/pods/web", "http://10.1.2.3:8080"),
        ("/api/v1beta2/redirect/pods/web:9090", "http://10.1.2.3:9090"),
        ("/api/v1beta1/redirect/pods/bare", "http://10.1.2.4"),
        ("/api/v1beta1/redirect/pods/other?namespace=prod", "http://10.1.2.5"),
        ("/api/v1beta3/redirect/namespaces/prod/pods/other", "http://10.1.2.5"),
        ("/api/v1beta1/redirect/minions/n1", "http://n1:10250"),
        ("/api/v1beta3/redirect/nodes/n1", "http://n1:10250"),
    ],
)
async def test_a_redirect_names_the_address_and_has_no_body(
    api: OwnApi, browser: Browser, path: str, location: str
) -> None:
    await put_pod(api, ip="10.1.2.3", ports={"main": 8080})
    await put_pod(api, "bare", ip="10.1.2.4")
    await put_pod(api, "other", ip="10.1.2.5", namespace="prod")
    node = node_pb2.Node(metadata=meta_pb2.ObjectMeta(name="n1"))
    await api.nodes.create_node(CreateNodeRequest(node=node))
    answer = await browser.ask(path)
    assert (answer.status, answer.headers["location"], answer.body) == (307, location, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1beta1/redirect/pods/none", 404),
        ("/api/v1beta1/redirect/pods/new", 503),
        ("/api/v1beta1/redirect/minions/none", 404),
        ("/api/v1beta1/redirect/pods/new/more", 404),
        ("/api/v1beta1/redirect/secrets/x", 404),
        ("/api/v1beta1/redirect/pods/new?namespace=", 400),
    ],
)
async def test_where_nothing_answers_there_is_no_redirect(
    api: OwnApi, browser: Browser, path: str, status: int
) -> None:
    await put_pod(api, "new", ip="")
    answer = await browser.ask(path)
    assert answer.status == status
    assert "location" not in answer.headers
