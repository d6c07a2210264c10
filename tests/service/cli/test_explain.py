"""`peapod explain`, by a real scheduler."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from peapod.scheduler.config import SchedulerConfig
from peapod.scheduler.server import SchedulerService
from peapod.v1 import event_pb2, event_service_pb2, node_service_pb2, pod_pb2, pod_service_pb2
from tests.service.cli.conftest import Run
from tests.support.apiserver import Api, running_apiserver
from tests.support.following import Following, following
from tests.support.objects import make_node, make_pod


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Run an apiserver that knows its scheduler, which runs, two nodes, and a pod `web` on one of them."""
    socket = f"unix:{tmp_path}/scheduler"
    async with running_apiserver(tmp_path / "db", scheduler=socket) as api:
        for node in (make_node("big", labels={"disk": "ssd"}), make_node("small", memory="1Gi")):
            await api.nodes.heartbeat_node(node_service_pb2.HeartbeatNodeRequest(node=node))
        scheduler = SchedulerService(SchedulerConfig(apiserver=api.address, address=socket))
        await scheduler.start()
        await create(api, make_pod("web", ports=[8080], memory="2Gi"))
        yield api
        await scheduler.stop()


async def create(api: Api, pod: pod_pb2.Pod) -> None:
    await api.pods.create_pod(pod_service_pb2.CreatePodRequest(pod=pod))


@pytest.fixture
async def seen(api: Api) -> AsyncIterator[Following]:
    async with following(api) as seen:
        await seen.until(lambda: seen.bound == {"web": "big"})
        yield seen


def table(lines: list[str], title: str) -> list[list[str]]:
    """Read the cells of a table under its title."""
    after = lines[lines.index(title) + 1 :]
    rows = after[: next((at for at, line in enumerate(after) if not line.startswith("  ")), len(after))]
    return [[cell.strip() for cell in row.split("   ") if cell.strip()] for row in rows]


async def test_a_pod_that_is_nowhere(peapod: Run, api: Api, seen: Following) -> None:
    await create(api, make_pod("twin", ports=[8080], memory="6Gi"))
    await seen.until(lambda: bool(seen.told("failedScheduling", "twin")))
    outcome = await peapod("explain", "pod", "twin")
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0].startswith("twin: no node fits")
    heads, big, small = table(lines, "Nodes:")
    assert heads == ["NODE", "FITS", "SCORE", "WHY"]
    assert big[:2] == ["big", "no"]
    assert "PodFitsPorts: host port 8080 is taken by default/web" in big[2]
    assert small[:2] == ["small", "no"]
    assert small[2].startswith("PodFitsResources: ")
    assert "memory" in small[2]
    assert "failedScheduling" in outcome.out


async def test_a_pod_that_has_a_node(peapod: Run, api: Api, seen: Following) -> None:
    pod = seen.pods["web"]
    status = pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_PENDING, host_ip="127.0.0.1")
    status.container_statuses.add(name="c").state.waiting.CopyFrom(
        pod_pb2.ContainerStateWaiting(reason="ErrImagePull", message="there is no image peapod-test/none:1")
    )
    update = pod_service_pb2.PodStatusUpdate(namespace="default", name="web", uid=pod.metadata.uid, status=status)
    await api.pods.update_pod_statuses(pod_service_pb2.UpdatePodStatusesRequest(updates=[update]))
    about = {"kind": "Pod", "namespace": "default", "name": "web", "uid": pod.metadata.uid}
    for number in range(9):
        event = event_pb2.Event(reason=f"r{number}", message=f"told {number}", involved_object=about)
        event.last_timestamp.seconds = 4_000_000_000 + number
        await api.events.record_events(event_service_pb2.RecordEventsRequest(events=[event]))
    outcome = await peapod("explain", "pod/web")
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0].startswith("web: bound to big, which fits with score ")
    _, big, small = table(lines, "Nodes:")
    assert big[:2] == ["big (here)", "yes"]
    assert int(big[2]) > 0
    assert "LeastRequestedPriority " in big[3]
    assert small[:2] == ["small", "no"]
    assert "Host:     big/127.0.0.1" in lines
    assert "Status:   Pending" in lines
    [_, container] = table(lines, "Containers:")
    assert container[2] == "Waiting (ErrImagePull): there is no image peapod-test/none:1"
    assert "told 8" in lines[-1]
    assert len(table(lines, "Events:")) == 1 + 5


@pytest.mark.usefixtures("seen")
async def test_documents(peapod: Run) -> None:
    document = json.loads((await peapod("explain", "pod", "web", "-o", "json")).out)
    assert document["nodeName"] == "big"
    assert [node["nodeName"] for node in document["nodes"]] == ["big", "small"]
    assert document["nodes"][1]["failures"][0]["predicate"] == "PodFitsResources"
    assert yaml.safe_load((await peapod("explain", "pod", "web", "-o", "yaml")).out) == document


async def test_without_a_scheduler_the_kubelets_word_is_left(tmp_path: Path, peapod: Run) -> None:
    socket = f"unix:{tmp_path}/nobody"
    async with running_apiserver(tmp_path / "other", scheduler=socket) as api:
        await create(api, make_pod("web", node="n1"))
        outcome = await peapod("explain", "pod", "web", "--server", api.address)
        assert outcome.status == 1
        assert outcome.errors == ["error: no scheduler answers now"]
        assert outcome.out.splitlines()[0] == "Host:     n1"
        assert (await peapod("explain", "pod", "web", "-o", "json", "--server", api.address)).out == ""


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "say of what"),
        (["pods"], "explain one pod: peapod explain pod NAME"),
        (["pod", "web", "db"], "explain one pod"),
        (["node", "big"], "explain one pod"),
        (["pod", "nope"], 'Pod "nope" not found in namespace default'),
    ],
)
async def test_what_cannot_be_explained_is_said(peapod: Run, words: list[str], why: str) -> None:
    outcome = await peapod("explain", *words)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: {why}")
    assert len(outcome.errors) == 1
