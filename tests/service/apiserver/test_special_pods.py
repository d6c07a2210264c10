"""Pods that are not everybody's: mirrors of static pods, and privileged ones."""

from __future__ import annotations

from pathlib import Path

from peapod.common import errors
from peapod.rules.mirror import MIRROR, SOURCE
from peapod.v1 import pod_pb2
from peapod.v1 import pod_service_pb2 as pods
from tests.support.apiserver import Api, running_apiserver
from tests.support.objects import make_pod
from tests.support.refusals import refusal


async def create(api: Api, pod: pod_pb2.Pod) -> pod_pb2.Pod:
    return (await api.pods.create_pod(pods.CreatePodRequest(pod=pod))).pod


def make_mirror(node: str = "n1") -> pod_pb2.Pod:
    pod = make_pod("web-n1", node=node)
    pod.metadata.annotations.update({MIRROR: "static-uid", SOURCE: "file"})
    return pod


async def test_a_mirror_is_deleted_by_its_node_only(api: Api) -> None:
    await create(api, make_mirror())
    for node in ("", "n2"):
        error = await refusal(api.pods.delete_pod(pods.DeletePodRequest(name="web-n1", node_name=node)))
        assert isinstance(error, errors.NotReady)
        assert error.message == ('Pod "web-n1" is the mirror of a static pod of node n1: remove its manifest there')
    await api.pods.delete_pod(pods.DeletePodRequest(name="web-n1", node_name="n1"))
    assert isinstance(await refusal(api.pods.get_pod(pods.GetPodRequest(name="web-n1"))), errors.NotFound)


async def test_who_asks_means_nothing_for_other_pods(api: Api) -> None:
    await create(api, make_pod("web", node="n1"))
    await api.pods.delete_pod(pods.DeletePodRequest(name="web", node_name="n2"))


async def test_what_a_mirror_shows_is_not_changed(api: Api) -> None:
    mirror = await create(api, make_mirror())
    mirror.spec.containers[0].image = "other"
    error = await refusal(api.pods.update_pod(pods.UpdatePodRequest(pod=mirror)))
    assert isinstance(error, errors.NotReady)
    assert error.message.endswith("is the mirror of a static pod of node n1: change its manifest there")


async def test_a_mirror_is_labelled_but_stays_a_mirror(api: Api) -> None:
    mirror = await create(api, make_mirror())
    mirror.metadata.labels["tier"] = "front"
    mirror = (await api.pods.update_pod(pods.UpdatePodRequest(pod=mirror))).pod
    assert mirror.metadata.labels["tier"] == "front"
    del mirror.metadata.annotations[MIRROR]
    error = await refusal(api.pods.update_pod(pods.UpdatePodRequest(pod=mirror)))
    assert [violation.field for violation in error.violations] == [f"metadata.annotations[{MIRROR}]"]


async def test_a_mirror_has_a_node_from_the_start(api: Api) -> None:
    error = await refusal(create(api, make_mirror(node="")))
    assert isinstance(error, errors.Invalid)
    assert [violation.field for violation in error.violations] == ["spec.node_name"]


async def test_a_mirrors_status_is_written(api: Api) -> None:
    mirror = await create(api, make_mirror())
    status = pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_RUNNING)
    update = pods.PodStatusUpdate(namespace="default", name="web-n1", uid=mirror.metadata.uid, status=status)
    answer = await api.pods.update_pod_statuses(pods.UpdatePodStatusesRequest(updates=[update]))
    assert [result.code for result in answer.results] == [0]


def make_privileged() -> pod_pb2.Pod:
    pod = make_pod("web")
    pod.spec.containers[0].security_context.privileged = True
    return pod


async def test_a_privileged_container_is_refused_by_name(api: Api) -> None:
    error = await refusal(create(api, make_privileged()))
    assert isinstance(error, errors.Invalid)
    assert [violation.field for violation in error.violations] == ["spec.containers[0].security_context.privileged"]


async def test_unless_the_apiserver_allows_it(tmp_path: Path) -> None:
    async with running_apiserver(tmp_path / "db", allow_privileged=True) as api:
        assert (await create(api, make_privileged())).spec.containers[0].security_context.privileged
    async with running_apiserver(tmp_path / "db") as api:
        pod = (await api.pods.get_pod(pods.GetPodRequest(name="web"))).pod
        pod.metadata.labels["still"] = "there"
        await api.pods.update_pod(pods.UpdatePodRequest(pod=pod))


async def test_what_a_node_runs_by_itself_is_shown_though_it_is_privileged(api: Api) -> None:
    mirror = make_mirror()
    mirror.spec.containers[0].security_context.privileged = True
    assert (await create(api, mirror)).spec.containers[0].security_context.privileged
