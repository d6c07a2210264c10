"""The standard verbs, over gRPC, on both stores."""

from __future__ import annotations

import asyncio
import re

from peapod.common import errors
from peapod.v1 import meta_pb2, namespace_pb2, pod_pb2
from peapod.v1 import namespace_service_pb2 as namespaces
from peapod.v1 import pod_service_pb2 as pods
from tests.support.apiserver import Api
from tests.support.objects import make_pod
from tests.support.refusals import refusal


async def create(api: Api, pod: pod_pb2.Pod) -> pod_pb2.Pod:
    return (await api.pods.create_pod(pods.CreatePodRequest(pod=pod))).pod


async def get(api: Api, name: str, namespace: str = "") -> pod_pb2.Pod:
    return (await api.pods.get_pod(pods.GetPodRequest(namespace=namespace, name=name))).pod


async def names(api: Api, labels: str = "", fields: str = "", namespace: str = "") -> list[str]:
    request = pods.ListPodsRequest(namespace=namespace, label_selector=labels, field_selector=fields)
    return [pod.metadata.name for pod in (await api.pods.list_pods(request)).items]


async def test_a_pod_is_created_and_read_back(api: Api) -> None:
    asked = make_pod("web", labels={"tier": "front"})
    asked.metadata.uid = "mine"
    asked.metadata.resource_version = 7
    asked.metadata.namespace = ""
    asked.status.phase = pod_pb2.POD_PHASE_RUNNING
    created = await create(api, asked)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", created.metadata.uid)
    assert created.metadata.namespace == "default"
    assert created.metadata.resource_version not in (0, 7)
    assert created.status.phase == pod_pb2.POD_PHASE_PENDING
    assert created.spec.restart_policy == pod_pb2.RESTART_POLICY_ALWAYS
    assert await get(api, "web") == created


async def test_the_server_keeps_the_books(api: Api) -> None:
    """Whatever a user says of uid, times and status, at creation and later, is not taken."""
    asked = make_pod("web", uid="mine")
    asked.metadata.creation_timestamp.seconds = asked.metadata.deletion_timestamp.seconds = 7
    asked.status.CopyFrom(pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_RUNNING, pod_ip="10.0.0.1", message="mine"))
    created = await create(api, asked)
    assert created.metadata.creation_timestamp.seconds > 7
    assert not created.metadata.HasField("deletion_timestamp")
    assert created.status == pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_PENDING)
    told = pod_pb2.Pod()
    told.CopyFrom(created)
    told.metadata.MergeFrom(asked.metadata)
    told.metadata.uid, told.metadata.resource_version = "", created.metadata.resource_version
    told.status.CopyFrom(asked.status)
    updated = (await api.pods.update_pod(pods.UpdatePodRequest(pod=told))).pod
    assert updated.metadata.resource_version > created.metadata.resource_version
    updated.metadata.resource_version = created.metadata.resource_version
    assert updated == created


async def test_a_name_is_taken_once(api: Api) -> None:
    await create(api, make_pod("web"))
    error = await refusal(create(api, make_pod("web")))
    assert isinstance(error, errors.AlreadyExists)
    assert error.message == 'Pod "web" already exists'
    await create(api, make_pod("web", namespace="other"))


async def test_of_many_that_want_a_name_one_gets_it(api: Api) -> None:
    results = await asyncio.gather(*(create(api, make_pod("web")) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(result, pod_pb2.Pod) for result in results) == 1
    assert await names(api) == ["web"]


async def test_names_are_drawn(api: Api) -> None:
    pod = make_pod("")
    pod.metadata.generate_name = "web-"
    drawn = {(await create(api, pod)).metadata.name for _ in range(3)}
    assert len(drawn) == 3
    assert all(re.fullmatch(r"web-[a-z0-9]{5}", name) for name in drawn)


async def test_every_wrong_field_is_named_and_nothing_is_stored(api: Api) -> None:
    pod = make_pod("Web", labels={"Bad_Key": "v"})
    del pod.spec.containers[:]
    error = await refusal(create(api, pod))
    assert isinstance(error, errors.Invalid)
    assert sorted(violation.field for violation in error.violations) == [
        "metadata.labels",
        "metadata.name",
        "spec.containers",
    ]
    assert await names(api) == []


async def test_update_needs_the_current_version(api: Api) -> None:
    pod = await create(api, make_pod("web"))
    stale = pod_pb2.Pod()
    stale.CopyFrom(pod)
    pod.metadata.labels["tier"] = "front"
    pod.status.phase = pod_pb2.POD_PHASE_FAILED
    updated = (await api.pods.update_pod(pods.UpdatePodRequest(pod=pod))).pod
    assert updated.metadata.resource_version > pod.metadata.resource_version
    assert updated.metadata.labels == {"tier": "front"}
    assert updated.status.phase == pod_pb2.POD_PHASE_PENDING
    assert await get(api, "web") == updated

    conflict = await refusal(api.pods.update_pod(pods.UpdatePodRequest(pod=stale)))
    assert isinstance(conflict, errors.Conflict)
    stale.metadata.resource_version = 0
    missing = await refusal(api.pods.update_pod(pods.UpdatePodRequest(pod=stale)))
    assert [violation.field for violation in missing.violations] == ["metadata.resource_version"]


async def test_of_many_updates_of_one_version_one_wins(api: Api) -> None:
    pod = await create(api, make_pod("web"))

    async def label(value: str) -> None:
        mine = pod_pb2.Pod()
        mine.CopyFrom(pod)
        mine.metadata.labels["winner"] = value
        await api.pods.update_pod(pods.UpdatePodRequest(pod=mine))

    results = await asyncio.gather(*(label(str(number)) for number in range(10)), return_exceptions=True)
    assert results.count(None) == 1
    assert (await get(api, "web")).metadata.labels["winner"] == str(results.index(None))


async def test_the_spec_is_immutable_but_for_images(api: Api) -> None:
    pod = await create(api, make_pod("web"))
    pod.spec.containers[0].image = "other:2"
    pod = (await api.pods.update_pod(pods.UpdatePodRequest(pod=pod))).pod
    assert pod.spec.containers[0].image == "other:2"
    pod.spec.node_name = "n1"
    pod.metadata.uid = "another"
    error = await refusal(api.pods.update_pod(pods.UpdatePodRequest(pod=pod)))
    assert [violation.field for violation in error.violations] == ["metadata.uid", "spec.node_name"]


async def test_delete_answers_with_the_last_state_and_keeps_preconditions(api: Api) -> None:
    pod = await create(api, make_pod("web"))
    wrong_uid = await refusal(api.pods.delete_pod(pods.DeletePodRequest(name="web", uid="another")))
    stale = await refusal(
        api.pods.delete_pod(pods.DeletePodRequest(name="web", resource_version=pod.metadata.resource_version + 1))
    )
    assert isinstance(wrong_uid, errors.Conflict)
    assert isinstance(stale, errors.Conflict)
    gone = (await api.pods.delete_pod(pods.DeletePodRequest(name="web", uid=pod.metadata.uid))).pod
    assert gone.metadata.uid == pod.metadata.uid
    assert gone.metadata.resource_version > pod.metadata.resource_version
    missing = await refusal(get(api, "web"))
    assert isinstance(missing, errors.NotFound)
    assert missing.message == 'Pod "web" not found in namespace default'
    assert isinstance(await refusal(api.pods.delete_pod(pods.DeletePodRequest(name="web"))), errors.NotFound)


async def test_selectors(api: Api) -> None:
    await create(api, make_pod("a", labels={"tier": "front", "env": "prod"}))
    await create(api, make_pod("b", labels={"tier": "back", "env": "prod"}, node="n1"))
    await create(api, make_pod("c", namespace="other", node="n2"))
    assert await names(api) == ["a", "b", "c"]
    assert await names(api, namespace="other") == ["c"]
    assert await names(api, "tier in (front, back),env==prod") == ["a", "b"]
    assert await names(api, "tier!=front") == ["b", "c"]
    assert await names(api, "tier notin (front)") == ["b", "c"]
    assert await names(api, "tier") == ["a", "b"]
    assert await names(api, fields="spec.node_name=n1") == ["b"]
    assert await names(api, fields="spec.node_name!=,status.phase=Pending") == ["b", "c"]
    for request, field in (
        (pods.ListPodsRequest(label_selector="a in b"), "label_selector"),
        (pods.ListPodsRequest(field_selector="spec.color=red"), "field_selector"),
    ):
        error = await refusal(api.pods.list_pods(request))
        assert isinstance(error, errors.Invalid)
        assert [violation.field for violation in error.violations] == [field]


async def test_kinds_outside_namespaces(api: Api) -> None:
    request = namespaces.CreateNamespaceRequest(
        namespace=namespace_pb2.Namespace(metadata=meta_pb2.ObjectMeta(name="team", namespace="cleared"))
    )
    created = (await api.namespaces.create_namespace(request)).namespace
    assert created.metadata.namespace == ""
    assert created.status.phase == namespace_pb2.NAMESPACE_PHASE_ACTIVE
    listed = (await api.namespaces.list_namespaces(namespaces.ListNamespacesRequest())).items
    assert [namespace.metadata.name for namespace in listed] == ["default", "team"]


async def test_a_namespace_goes_with_its_last_finalizer(api: Api) -> None:
    namespace = namespace_pb2.Namespace(metadata=meta_pb2.ObjectMeta(name="team"))
    namespace.spec.finalizers.append("example.com/backup")
    created = (await api.namespaces.create_namespace(namespaces.CreateNamespaceRequest(namespace=namespace))).namespace
    await create(api, make_pod("web", namespace="team"))
    request = namespaces.DeleteNamespaceRequest(name="team", uid=created.metadata.uid)
    ending = (await api.namespaces.delete_namespace(request)).namespace
    assert ending.metadata.HasField("deletion_timestamp")
    assert ending.status.phase == namespace_pb2.NAMESPACE_PHASE_TERMINATING
    again = (await api.namespaces.delete_namespace(request)).namespace
    assert again == ending, "asking twice changes nothing"
    assert (await get(api, "web", "team")).metadata.name == "web", "the server itself removes nothing"

    ending.spec.finalizers[:] = ["kubernetes"]
    left = (await api.namespaces.finalize_namespace(namespaces.FinalizeNamespaceRequest(namespace=ending))).namespace
    assert list(left.spec.finalizers) == ["kubernetes"]
    left.spec.finalizers[:] = []
    gone = (await api.namespaces.finalize_namespace(namespaces.FinalizeNamespaceRequest(namespace=left))).namespace
    assert gone.metadata.resource_version > left.metadata.resource_version
    error = await refusal(api.namespaces.get_namespace(namespaces.GetNamespaceRequest(name="team")))
    assert isinstance(error, errors.NotFound)


async def test_a_namespace_that_nobody_has_to_finish_goes_at_once(api: Api) -> None:
    namespace = namespace_pb2.Namespace(metadata=meta_pb2.ObjectMeta(name="team"))
    created = (await api.namespaces.create_namespace(namespaces.CreateNamespaceRequest(namespace=namespace))).namespace
    created.spec.finalizers[:] = []
    await api.namespaces.finalize_namespace(namespaces.FinalizeNamespaceRequest(namespace=created))
    await api.namespaces.get_namespace(namespaces.GetNamespaceRequest(name="team"))
    await api.namespaces.delete_namespace(namespaces.DeleteNamespaceRequest(name="team"))
    error = await refusal(api.namespaces.get_namespace(namespaces.GetNamespaceRequest(name="team")))
    assert isinstance(error, errors.NotFound)


async def test_the_default_namespace_stays(api: Api) -> None:
    error = await refusal(api.namespaces.delete_namespace(namespaces.DeleteNamespaceRequest(name="default")))
    assert isinstance(error, errors.NotReady)
    assert "it stays" in error.message
