"""What old clients ask of a node's kubelet, answered by the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from peapod.gateway.server import Gateway
from peapod.v1 import pod_pb2
from peapod.v1.node_service_pb2 import CreateNodeRequest
from tests.support.apiserver import OwnApi
from tests.support.fake_kubelet import PIECE, FakeKubelet
from tests.support.forwarding import PATIENCE, Browser, head_of, put_pod
from tests.support.objects import FALSE, make_node
from tests.support.on_fake_kubelet import fake_node

NODE = "/api/v1beta1/proxy/minions/n1"
RUNNING = pod_pb2.ContainerStatus(name="c", state=pod_pb2.ContainerState(running=pod_pb2.ContainerStateRunning()))
PIECES = 1024
HELD_MOST = PIECES // 2


@pytest.fixture(autouse=True)
async def kubelet(api: OwnApi) -> AsyncGenerator[FakeKubelet]:
    """Run a node n1 with the pod web, and a node n2 with the pod far."""
    async with fake_node(api) as kubelet, fake_node(api, "n2"):
        status = pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_RUNNING, container_statuses=[RUNNING])
        await put_pod(api, node="n1", status=status)
        await put_pod(api, "far", node="n2")
        yield kubelet


@pytest.mark.parametrize(
    "node",
    [NODE, "/api/v1beta1/proxy/nodes/n1", "/api/v1beta2/proxy/minions/n1:10250", "/api/v1beta3/proxy/nodes/n1"],
)
async def test_a_log_streams_until_its_reader_leaves(browser: Browser, kubelet: FakeKubelet, node: str) -> None:
    path = f"{node}/containerLogs/default/web/c?follow=true&tail=7&previous=1"
    async with browser.raw(f"GET {path} HTTP/1.1\nHost: localhost\n\n") as (reader, _):
        head = await head_of(reader)
        assert "200 OK" in head
        assert "transfer-encoding: chunked" in head
        assert "content-type: text/plain" in head
        await reader.readuntil(b"a line\n")
        assert kubelet.live == 1
    async with asyncio.timeout(PATIENCE):
        await kubelet.until(live=0)
    options = kubelet.targets[0].options
    assert (options.follow, options.tail_lines, options.previous, options.timestamps) == (True, 7, True, True)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("containerLogs/default/web", 400, "Unexpected path for command running\n"),
        ("containerLogs/default//c", 400, '{"message": "Missing podID."}\n'),
        ("containerLogs/default/web/", 400, '{"message": "Missing container name."}\n'),
        ("containerLogs//web/c", 400, '{"message": "Missing podNamespace."}\n'),
        ("containerLogs/default/web/c?tail=x", 400, 'tail must be a number of lines, or "all", not "x"\n'),
        ("containerLogs/default/none/c", 404, 'Pod "none" does not exist\n'),
        ("containerLogs/default/far/c", 404, 'Pod "far" does not exist\n'),
        ("containerLogs/default/web/d", 404, 'Container "d" not found in Pod "web"\n'),
        (
            "run/default?cmd=a",
            400,
            "Unexpected path /run/default. Expected /.../.../<namespace>/<pod>/<container>"
            " or /.../.../<namespace>/<pod>/<uid>/<container>\n",
        ),
        ("run/default/web/c", 400, "Missing 'cmd=' query entry.\n"),
        ("run/default/far/c?cmd=cat", 404, "Pod does not exist\n"),
        ("run/default/web/other-uid/c?cmd=cat", 404, "Pod does not exist\n"),
        ("podInfo?podNamespace=default", 400, "Missing 'podID=' query entry.\n"),
        ("podInfo?podID=web", 400, "Missing 'podNamespace=' query entry.\n"),
        ("podInfo?podID=far&podNamespace=default", 404, "Pod does not exist\n"),
        ("stats/", 501, "There is no cAdvisor: what containers use is not measured.\n"),
        ("stats/web/c", 501, "There is no cAdvisor: what containers use is not measured.\n"),
        ("logs/", 501, "The files of nodes are not served; a container's log is at /containerLogs.\n"),
        ("nothing", 404, "404 page not found\n"),
        ("", 404, "404 page not found\n"),
    ],
)
async def test_what_cannot_be_answered_is_said_as_the_kubelet_did(
    browser: Browser, path: str, status: int, text: str
) -> None:
    answer = await browser.ask(f"{NODE}/{path}")
    assert (answer.status, answer.text) == (status, text)
    assert answer.headers["content-type"].startswith("text/plain")


async def test_a_node_that_is_not_there_is_not_found(browser: Browser) -> None:
    assert (await browser.ask("/api/v1beta1/proxy/minions/none/healthz")).status == 404
    assert (await browser.ask("/api/v1beta1/proxy/minions/n1:80/healthz")).status == 400
    assert (await browser.ask(f"{NODE}/healthz", "DELETE")).status == 405


async def test_a_gateway_that_stops_breaks_off_what_does_not_end(
    forwarding: Gateway, browser: Browser, kubelet: FakeKubelet, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"{NODE}/containerLogs/default/web/c?follow=1"
    async with browser.raw(f"GET {path} HTTP/1.1\nHost: localhost\n\n") as (reader, _):
        await reader.readuntil(b"a line\n")
        stopping = asyncio.create_task(forwarding.stop())
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readuntil(b"0\r\n\r\n")
        await stopping
    async with asyncio.timeout(PATIENCE):
        await kubelet.until(live=0)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_kubelet_that_cannot_be_reached_is_a_bad_gateway(api: OwnApi, browser: Browser) -> None:
    await api.nodes.create_node(CreateNodeRequest(node=make_node("dead")))
    await put_pod(api, "lost", node="dead")
    answer = await browser.ask("/api/v1beta1/proxy/minions/dead/containerLogs/default/lost/c")
    assert answer.status == 502
    assert "node dead" in answer.text
    assert "Trying to reach: 'http://dead/containerLogs/default/lost/c'" in answer.text


async def test_a_command_runs_and_its_output_is_text(api: OwnApi, browser: Browser, kubelet: FakeKubelet) -> None:
    answer = await browser.ask(f"{NODE}/run/default/web/c?cmd=exit+3", "POST")
    assert (answer.status, answer.text) == (200, "bye")
    assert list(kubelet.targets[0].options.command) == ["exit", "3"]
    answer = await browser.ask(f"{NODE}/run/default/web/{kubelet.targets[0].pod_uid}/c?cmd=cat")
    assert (answer.status, answer.text) == (200, "")


async def test_a_command_whose_caller_leaves_is_ended(browser: Browser, kubelet: FakeKubelet) -> None:
    async with browser.raw(f"GET {NODE}/run/default/web/c?cmd=hang HTTP/1.1\nHost: localhost\n\n"):
        await kubelet.until(live=1)
    async with asyncio.timeout(PATIENCE):
        await kubelet.until(live=0)


async def test_a_slow_reader_slows_a_command_down(browser: Browser, kubelet: FakeKubelet) -> None:
    path = f"{NODE}/run/default/web/c?cmd=flood+{PIECES}"
    async with browser.raw(f"GET {path} HTTP/1.0\nHost: localhost\n\n") as (reader, _):
        await head_of(reader)
        assert await kubelet.written.halt() < HELD_MOST
        assert (await reader.read()).count(b"x") == len(PIECE) * PIECES


@pytest.mark.parametrize("header", ["Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"])
async def test_pages_of_other_sites_run_nothing(browser: Browser, kubelet: FakeKubelet, header: str) -> None:
    name, _, value = header.partition(": ")
    answer = await browser.ask(f"{NODE}/run/default/web/c?cmd=cat", headers={name: value})
    assert answer.status == 403
    assert kubelet.targets == []


@pytest.mark.parametrize("path", ["exec/default/web/c?command=cat&input=1", "portForward/default/web"])
async def test_spdy_is_refused_with_what_to_use_instead(browser: Browser, path: str) -> None:
    answer = await browser.ask(f"{NODE}/{path}", "POST", headers={"Connection": "Upgrade", "Upgrade": "SPDY/3.1"})
    command = "peapod exec" if path.startswith("exec") else "peapod port-forward"
    assert (answer.status, answer.text) == (426, f"SPDY/3.1 is not spoken here: use `{command}`, or a WebSocket\n")
    assert answer.headers["upgrade"] == "websocket"
    answer = await browser.ask(f"{NODE}/{path}")
    assert (answer.status, answer.text) == (426, f"This needs a WebSocket: open one here, or use `{command}`\n")


async def test_a_pods_state_is_told_in_both_forms(browser: Browser) -> None:
    query = "?podID=web&podNamespace=default"
    bare = (await browser.ask(f"{NODE}/podInfo{query}")).json
    assert (bare["status"], bare["podIP"]) == ("Running", "127.0.0.1")
    versioned = (await browser.ask(f"{NODE}/api/v1beta1/podInfo{query}")).json
    head = {"kind": "PodStatusResult", "creationTimestamp": None, "apiVersion": "v1beta1"}
    assert versioned == head | {"state": bare}


async def test_the_pods_of_the_node_are_listed(browser: Browser) -> None:
    listed = (await browser.ask(f"{NODE}/pods")).json
    assert (listed["kind"], [pod["id"] for pod in listed["items"]]) == ("PodList", ["web"])


async def test_what_is_known_of_the_node_is_told(browser: Browser) -> None:
    told = (await browser.ask(f"{NODE}/api/v1beta1/nodeInfo")).json
    assert told["kind"] == "NodeInfo"
    assert (told["capacity"]["cpu"], told["machineID"]) == ("4", "machine-n1")
    spec = (await browser.ask(f"{NODE}/spec/")).json
    assert (spec["num_cores"], spec["memory_capacity"], spec["machine_id"]) == (4, 8 << 30, "machine-n1")


async def test_a_node_is_as_well_as_its_condition_says(api: OwnApi, browser: Browser) -> None:
    answer = await browser.ask(f"{NODE}/healthz")
    assert (answer.status, answer.text) == (200, "ok")
    await api.nodes.create_node(CreateNodeRequest(node=make_node("silent", ready=None)))
    await api.nodes.create_node(CreateNodeRequest(node=make_node("ill", ready=FALSE)))
    for name in ("silent", "ill"):
        answer = await browser.ask(f"/api/v1beta1/proxy/minions/{name}/healthz")
        assert (answer.status, answer.text) == (500, f"Internal Error: node {name} is not ready\n")
