"""The verbs of many items: binds, statuses, heartbeats, events."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from peapod.common import errors
from peapod.v1 import event_pb2, meta_pb2, node_pb2, pod_pb2
from peapod.v1 import event_service_pb2 as events
from peapod.v1 import node_service_pb2 as nodes
from peapod.v1 import pod_service_pb2 as pods
from tests.support.apiserver import Api
from tests.support.objects import make_pod


async def create(api: Api, name: str) -> pod_pb2.Pod:
    return (await api.pods.create_pod(pods.CreatePodRequest(pod=make_pod(name)))).pod


async def bind(api: Api, *bindings: pods.Binding) -> list[meta_pb2.ItemResult]:
    return list((await api.pods.bind_pods(pods.BindPodsRequest(bindings=bindings))).results)


async def test_binding_is_by_compare_and_swap_and_idempotent(api: Api) -> None:
    pod = await create(api, "web")
    to_one = pods.Binding(name="web", uid=pod.metadata.uid, node_name="n1")
    (first,) = await bind(api, to_one)
    assert first.code == 0
    (again, other, gone, other_uid, no_node) = await bind(
        api,
        to_one,
        pods.Binding(name="web", node_name="n2"),
        pods.Binding(name="none", node_name="n1"),
        pods.Binding(name="web", uid="another", node_name="n1"),
        pods.Binding(name="web"),
    )
    assert again == first
    assert (other.code, other.reason) == (grpc.StatusCode.ABORTED.value[0], "ALREADY_BOUND")
    assert isinstance(errors.from_item(gone), errors.NotFound)
    assert isinstance(errors.from_item(other_uid), errors.NotFound)
    assert [violation.field for violation in no_node.violations] == ["node_name"]
    stored = (await api.pods.get_pod(pods.GetPodRequest(name="web"))).pod
    assert (stored.spec.node_name, stored.metadata.resource_version) == ("n1", first.resource_version)


async def test_of_two_schedulers_one_binds(api: Api) -> None:
    for number in range(20):
        await create(api, f"p{number}")

    async def bind_all(node: str) -> list[meta_pb2.ItemResult]:
        return await bind(api, *(pods.Binding(name=f"p{number}", node_name=node) for number in range(20)))

    for one, two in zip(*await asyncio.gather(bind_all("n1"), bind_all("n2")), strict=True):
        assert sorted((one.code, two.code)) == [0, grpc.StatusCode.ABORTED.value[0]]


async def test_statuses_are_replaced_for_the_very_pod(api: Api) -> None:
    pod = await create(api, "web")
    status = pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_RUNNING, pod_ip="172.17.0.2")

    async def update(uid: str) -> meta_pb2.ItemResult:
        item = pods.PodStatusUpdate(name="web", uid=uid, status=status)
        return (await api.pods.update_pod_statuses(pods.UpdatePodStatusesRequest(updates=[item]))).results[0]

    done = await update(pod.metadata.uid)
    assert done.resource_version > pod.metadata.resource_version
    assert (await api.pods.get_pod(pods.GetPodRequest(name="web"))).pod.status == status
    assert await update(pod.metadata.uid) == done, "what changes nothing is not written"
    assert isinstance(errors.from_item(await update("another")), errors.NotFound)


async def test_a_status_replaces_the_one_that_was_read(api: Api) -> None:
    pod = await create(api, "web")

    async def update(phase: pod_pb2.PodPhase, version: int) -> meta_pb2.ItemResult:
        item = pods.PodStatusUpdate(name="web", status=pod_pb2.PodStatus(phase=phase), resource_version=version)
        return (await api.pods.update_pod_statuses(pods.UpdatePodStatusesRequest(updates=[item]))).results[0]

    done = await update(pod_pb2.POD_PHASE_RUNNING, pod.metadata.resource_version)
    assert done.resource_version > pod.metadata.resource_version
    for phase in (pod_pb2.POD_PHASE_FAILED, pod_pb2.POD_PHASE_RUNNING):
        late = await update(phase, pod.metadata.resource_version)
        assert isinstance(errors.from_item(late), errors.Conflict), "also when nothing would change"
    stored = (await api.pods.get_pod(pods.GetPodRequest(name="web"))).pod
    assert stored.status.phase == pod_pb2.POD_PHASE_RUNNING


async def test_a_batch_has_a_bound(api: Api) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        await bind(api, *(pods.Binding(name="x", node_name="n") for _ in range(1001)))
    assert isinstance(errors.from_rpc(caught.value), errors.Invalid)


def report(ready: meta_pb2.ConditionStatus, cpu: str = "2") -> nodes.HeartbeatNodeRequest:
    node = node_pb2.Node(metadata=meta_pb2.ObjectMeta(name="n1", labels={"disk": "ssd"}))
    node.status.capacity["cpu"] = cpu
    node.status.conditions.add(type="Ready", status=ready)
    return nodes.HeartbeatNodeRequest(node=node)


async def test_heartbeats_register_a_node_and_are_stored_when_they_say_something_new(api: Api) -> None:
    first = (await api.nodes.heartbeat_node(report(meta_pb2.CONDITION_STATUS_TRUE))).node
    assert first.metadata.labels == {"disk": "ssd"}
    assert first.spec.external_id == "n1"
    assert first.status.conditions[0].last_transition_time.seconds > 0
    assert (await api.nodes.heartbeat_node(report(meta_pb2.CONDITION_STATUS_TRUE))).node == first

    larger = (await api.nodes.heartbeat_node(report(meta_pb2.CONDITION_STATUS_TRUE, cpu="4"))).node
    assert larger.metadata.resource_version > first.metadata.resource_version
    assert larger.status.capacity["cpu"] == "4"


async def test_somebody_else_may_judge_a_node(api: Api) -> None:
    node = (await api.nodes.heartbeat_node(report(meta_pb2.CONDITION_STATUS_TRUE))).node
    node.status.conditions[0].status = meta_pb2.CONDITION_STATUS_UNKNOWN
    judged = (await api.nodes.update_node_status(nodes.UpdateNodeStatusRequest(node=node))).node
    assert judged.status.conditions[0].status == meta_pb2.CONDITION_STATUS_UNKNOWN
    with pytest.raises(grpc.RpcError) as caught:
        await api.nodes.update_node_status(nodes.UpdateNodeStatusRequest(node=node))
    assert isinstance(errors.from_rpc(caught.value), errors.Conflict)
    back = (await api.nodes.heartbeat_node(report(meta_pb2.CONDITION_STATUS_TRUE))).node
    assert back.status.conditions[0].status == meta_pb2.CONDITION_STATUS_TRUE


def failure(reason: str = "failedScheduling") -> event_pb2.Event:
    event = event_pb2.Event(reason=reason, message="no node fits", source=event_pb2.EventSource(component="scheduler"))
    event.involved_object.kind = "Pod"
    event.involved_object.name = "web"
    event.involved_object.namespace = "default"
    return event


async def test_repeats_of_an_event_are_counted(api: Api) -> None:
    batch = [failure(), failure(), failure("other")]
    results = (await api.events.record_events(events.RecordEventsRequest(events=batch))).results
    assert [result.code for result in results] == [0, 0, 0]
    await api.events.record_events(events.RecordEventsRequest(events=[failure()]))
    request = events.ListEventsRequest(field_selector="involved_object.name=web,reason=failedScheduling")
    (event,) = (await api.events.list_events(request)).items
    assert event.count == 3
    assert event.first_timestamp.seconds <= event.last_timestamp.seconds


async def test_a_batch_of_repeats_is_counted_in_one_go(api: Api) -> None:
    other = failure("failedMount")
    batch = [failure() for _ in range(998)] + [other, failure()]
    batch[5].count = 3
    batch[999].last_timestamp.seconds = 2_000_000_000
    results = (await api.events.record_events(events.RecordEventsRequest(events=batch))).results
    assert {result.code for result in results} == {0}
    assert len(results) == 1000
    listed = {event.reason: event for event in (await api.events.list_events(events.ListEventsRequest())).items}
    assert listed["failedScheduling"].count == 1001
    assert listed["failedScheduling"].last_timestamp.seconds == 2_000_000_000
    assert listed["failedMount"].count == 1
    too_many = events.RecordEventsRequest(events=[failure() for _ in range(1001)])
    with pytest.raises(grpc.RpcError) as refused:
        await api.events.record_events(too_many)
    assert [violation.field for violation in errors.from_rpc(refused.value).violations] == ["events"]
