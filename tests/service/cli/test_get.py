"""`peapod get`, to the letter."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path

import pytest
import yaml
from google.protobuf.timestamp_pb2 import Timestamp

from peapod.v1 import event_pb2, event_service_pb2, pod_pb2, pod_service_pb2
from tests.service.cli.conftest import PODTEST, Outcome, Run, start
from tests.support.apiserver import Api, running_apiserver
from tests.support.objects import make_pod

TABLE = """\
POD       CONTAINER(S)   IMAGE(S)                   HOST           LABELS              STATUS
podtest   master1        10.10.103.215:5000/redis   <unassigned>   name=redis-master   Pending
          master2        10.10.103.215:5000/sshd
"""


@pytest.fixture
async def podtest(peapod: Run, api: Api) -> pod_pb2.Pod:
    await peapod("create", "-f", str(PODTEST))
    request = pod_service_pb2.GetPodRequest(namespace="default", name="podtest")
    return (await api.pods.get_pod(request)).pod


async def run_it(api: Api, pod: pod_pb2.Pod) -> None:
    """Do what the scheduler and a kubelet would."""
    name = {"namespace": pod.metadata.namespace, "name": pod.metadata.name}
    bind = pod_service_pb2.BindPodsRequest(bindings=[pod_service_pb2.Binding(**name, node_name="node-1")])
    await api.pods.bind_pods(bind)
    status = pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_RUNNING, host_ip="127.0.0.1", pod_ip="172.17.0.2")
    update = pod_service_pb2.PodStatusUpdate(**name, uid=pod.metadata.uid, status=status)
    await api.pods.update_pod_statuses(pod_service_pb2.UpdatePodStatusesRequest(updates=[update]))


@pytest.mark.usefixtures("podtest")
@pytest.mark.parametrize("words", [["pods"], ["pod", "podtest"], ["po/podtest"], ["pods", "-l", "name=redis-master"]])
async def test_the_chapters_table(peapod: Run, words: list[str]) -> None:
    assert await peapod("get", *words) == Outcome(0, TABLE, "")


async def test_a_running_pod_shows_its_host_and_wide_its_address(peapod: Run, api: Api, podtest: pod_pb2.Pod) -> None:
    await run_it(api, podtest)
    outcome = await peapod("get", "pods", "-o", "wide", "--no-headers")
    first, second = outcome.out.splitlines()
    where = ["podtest", "172.17.0.2", "master1", "10.10.103.215:5000/redis", "node-1/127.0.0.1"]
    assert first.split()[:7] == [*where, "name=redis-master", "Running"]
    assert second.split() == ["master2", "10.10.103.215:5000/sshd"]


@pytest.mark.usefixtures("podtest")
async def test_what_does_not_match_is_left_out(peapod: Run) -> None:
    outcome = await peapod("get", "pods", "-l", "name notin (redis-master)")
    assert outcome.out.splitlines() == ["POD       CONTAINER(S)   IMAGE(S)   HOST      LABELS    STATUS"]
    outcome = await peapod("get", "pods", "-l", "name in (")
    assert outcome.status == 1
    assert outcome.err.startswith("error: ")


@pytest.mark.usefixtures("podtest")
async def test_several_types_are_several_tables(peapod: Run) -> None:
    outcome = await peapod("get", "pods,namespaces,minions")
    assert outcome.status == 0
    pods, namespaces, minions = outcome.out.split("\n\n")
    assert pods + "\n" == TABLE
    assert namespaces.splitlines() == ["NAME      LABELS    STATUS", "default   <none>    Active"]
    assert minions == "NAME      LABELS    STATUS\n"


@pytest.mark.usefixtures("podtest")
async def test_one_that_is_not_there_does_not_hide_the_others(peapod: Run) -> None:
    outcome = await peapod("get", "pods", "nope", "podtest")
    assert outcome == Outcome(1, TABLE, 'error: Pod "nope" not found in namespace default\n')
    assert await peapod("get", "pod", "nope") == Outcome(1, "", 'error: Pod "nope" not found in namespace default\n')


@pytest.mark.usefixtures("podtest")
async def test_documents_are_v1beta1_and_can_be_created_again(peapod: Run) -> None:
    alone = await peapod("get", "pod", "podtest", "-o", "json")
    document = json.loads(alone.out)
    assert (document["kind"], document["apiVersion"], document["id"]) == ("Pod", "v1beta1", "podtest")
    listed = json.loads((await peapod("get", "pods", "-o", "json")).out)
    assert listed == {"kind": "List", "creationTimestamp": None, "apiVersion": "v1beta1", "items": [document]}
    text = (await peapod("get", "pod/podtest", "-o", "yaml")).out
    assert yaml.safe_load(text)["desiredState"] == document["desiredState"]
    assert (await peapod("delete", "pod", "podtest")).out == "pods/podtest\n"
    assert await peapod("create", "-f", "-", stdin=text) == Outcome(0, "podtest\n", "")


async def test_a_watch_shows_what_is_there_and_then_each_change(peapod: Run, api: Api, podtest: pod_pb2.Pod) -> None:
    process = await start(api.address, "get", "pods", "-w")
    assert process.stdout
    lines = [(await process.stdout.readline()).decode() for _ in range(3)]
    assert "".join(lines) == TABLE
    await run_it(api, podtest)
    bound = (await process.stdout.readline()).decode()
    assert bound.split()[3:] == ["node-1", "name=redis-master", "Pending"]
    await process.stdout.readline()
    running = (await process.stdout.readline()).decode()
    assert running.split()[3:] == ["node-1/127.0.0.1", "name=redis-master", "Running"]
    process.terminate()
    await process.wait()


async def test_a_watch_tells_that_an_object_is_gone(peapod: Run, api: Api, podtest: pod_pb2.Pod) -> None:
    process = await start(api.address, "get", "pod", "podtest", "-w", "--no-headers", "-o", "wide")
    assert process.stdout
    assert b"Pending" in await process.stdout.readline()
    await process.stdout.readline()
    await peapod("delete", "pod", podtest.metadata.name)
    gone = (await process.stdout.readline()).decode()
    assert "name=redis-master   Deleted" in gone
    process.terminate()
    await process.communicate()


@pytest.mark.usefixtures("podtest")
async def test_a_template_is_filled_with_the_document_and_nothing_else(peapod: Run, tmp_path: Path) -> None:
    one = await peapod("get", "pod", "podtest", "-o", "template", "-t", "{{.id}} {{.currentState.status}}")
    assert one == Outcome(0, "podtest Waiting", "")
    file = tmp_path / "names.tmpl"
    file.write_text('{{range .items}}{{.kind}}/{{.id}}{{"\\n"}}{{end}}')
    several = await peapod("get", "pods,namespaces", "-o", "templatefile", "-t", str(file))
    assert several == Outcome(0, "Pod/podtest\nNamespace/default\n", "")
    wrong = await peapod("get", "pods", "-o", "template", "-t", "{{range .items}}{{.id.x}}{{end}}")
    assert wrong == Outcome(1, "", "error: -t: line 1 column 19: .x asks for a field of text\n")


@pytest.mark.usefixtures("podtest")
async def test_documents_come_in_the_version_that_is_asked_for(peapod: Run) -> None:
    for flags in (["--output-version", "v1beta2"], ["--api-version", "v1beta2"]):
        document = json.loads((await peapod("get", "pod", "podtest", "-o", "json", *flags)).out)
        assert document["apiVersion"] == "v1beta2"
    assert (await peapod("get", "pods", "--output-version", "v1beta2")).status == 1


@pytest.mark.usefixtures("podtest")
async def test_types_and_pairs_can_be_mixed(peapod: Run) -> None:
    outcome = await peapod("get", "namespaces,services", "pod/podtest")
    assert [block.split()[:2] for block in outcome.out.split("\n\n")] == [
        ["NAME", "LABELS"],
        ["NAME", "LABELS"],
        ["POD", "CONTAINER(S)"],
    ]


@pytest.mark.usefixtures("podtest")
async def test_a_watch_can_leave_out_what_is_there(api: Api) -> None:
    process = await start(api.address, "get", "pods", "--watch-only")
    assert process.stdout
    heads = asyncio.create_task(process.stdout.readline())
    numbers = itertools.count()
    # Nothing tells when the watch has begun but that it shows something.
    while not heads.done():
        pod = make_pod(f"new-{next(numbers)}")
        await api.pods.create_pod(pod_service_pb2.CreatePodRequest(pod=pod))
    first = (await process.stdout.readline()).split()
    assert (heads.result().split()[0], first[0][:4]) == (b"POD", b"new-")
    process.terminate()
    await process.communicate()


async def test_events_are_in_the_order_in_which_they_happened(peapod: Run, api: Api) -> None:
    """Also within one second, in whichever order they arrived."""
    for nanos in (300, 100, 200):
        event = event_pb2.Event(reason=f"r{nanos}", message="It happened.")
        event.first_timestamp.CopyFrom(Timestamp(seconds=1420717935, nanos=nanos))
        event.last_timestamp.CopyFrom(event.first_timestamp)
        event.involved_object.kind, event.involved_object.name = "Pod", "podtest"
        await api.events.record_events(event_service_pb2.RecordEventsRequest(events=[event]))
    lines = (await peapod("get", "events", "--no-headers")).out.splitlines()
    assert [word for line in lines for word in line.split() if word.startswith("r")] == ["r100", "r200", "r300"]


async def test_names_and_flags_come_in_any_order(peapod: Run, podtest: pod_pb2.Pod) -> None:
    assert await peapod("get", "pod", "--no-headers", "podtest") == await peapod(
        "get", "--no-headers", "pod", podtest.metadata.name
    )


async def test_a_watch_goes_on_when_the_server_comes_back(tmp_path: Path) -> None:
    async with running_apiserver(tmp_path / "db") as api:
        address = api.address
        process = await start(address, "get", "ns", "-w", "--no-headers")
        assert process.stdout
        assert (await process.stdout.readline()).split()[0] == b"default"
    async with running_apiserver(tmp_path / "db", address=address) as api:
        request = {"kind": "Namespace", "apiVersion": "v1beta1", "id": "shop"}
        made = await start(address, "create", "-f", "-")
        await made.communicate(json.dumps(request).encode())
        assert made.returncode == 0
        line = (await process.stdout.readline()).decode()
        assert line.split()[:1] == ["shop"], await process.communicate()
        process.terminate()
        await process.wait()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "say of what: pods, replicationControllers, services, endpoints, minions, events, namespaces"),
        (["frobs"], 'there is no resource "frobs"'),
        (["pods,nodes", "-w"], "--watch follows the objects of one type"),
        (["pods", "x", "-l", "a=b"], "-l picks among all objects of a type"),
        (["pods", "-t", "x"], "-t goes with -o template or -o templatefile"),
        (["pods", "-o", "template"], "-o template needs -t TEMPLATE"),
        (["pods", "-o", "templatefile", "-t", "/nowhere"], "/nowhere: no such file or directory"),
        (["pods", "-o", "template", "-t", "{{.x"], "-t: line 1 column 1: {{ is not closed by }}"),
        (["pods", "-o", "json", "--output-version", "v9"], 'there is no version "v9"; there are v1beta1'),
        (["pods", "-o", "xml"], "argument -o/--output: invalid choice: 'xml'"),
    ],
)
async def test_what_cannot_be_shown_is_said(peapod: Run, words: list[str], why: str) -> None:
    outcome = await peapod("get", *words)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: {why}")
    assert len(outcome.errors) == 1
