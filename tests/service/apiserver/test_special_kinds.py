"""What single kinds do beyond the verbs that all have."""

from __future__ import annotations

import copy
from pathlib import Path

from peapod.common import errors, kinds
from peapod.v1.namespace_pb2 import NAMESPACE_PHASE_TERMINATING
from peapod.v1.service_pb2 import SERVICE_TYPE_LOAD_BALANCER
from tests.support.apiserver import Api, running_apiserver
from tests.support.kinds import Objects, make, make_endpoints
from tests.support.refusals import refusal


def fields(error: errors.PeapodError) -> list[tuple[str, str]]:
    return [(violation.field, violation.reason) for violation in error.violations]


async def test_a_controllers_status_is_written_by_who_gives_one(api: Api) -> None:
    controllers = Objects(kinds.REPLICATION_CONTROLLER, api.channel)
    asked = make(kinds.REPLICATION_CONTROLLER)
    asked.status.replicas = 7
    created = await controllers.create(asked)
    assert created.status.replicas == 0
    created.status.replicas = 2
    seen = await controllers.update(created)
    assert seen.status.replicas == 2
    assert await controllers.names(field_selector="status.replicas=2") == ["a"]
    assert await controllers.names(field_selector="status.replicas!=2") == []
    seen.ClearField("status")
    seen.spec.replicas = 5
    scaled = await controllers.update(seen)
    assert (scaled.spec.replicas, scaled.status.replicas) == (5, 2)


async def test_a_controller_may_count_and_make_other_pods(api: Api) -> None:
    controllers = Objects(kinds.REPLICATION_CONTROLLER, api.channel)
    created = await controllers.create(make(kinds.REPLICATION_CONTROLLER))
    created.spec.selector.clear()
    created.spec.selector["app"] = "db"
    created.spec.template.metadata.labels["app"] = "db"
    created.spec.template.spec.containers[0].name = "other"
    updated = await controllers.update(created)
    assert dict(updated.spec.selector) == {"app": "db"}
    updated.spec.template.metadata.labels["app"] = "web"
    error = await refusal(controllers.update(updated))
    assert fields(error) == [("spec.template.metadata.labels", "INVALID")]


async def test_privileged_templates_are_for_clusters_that_allow_them(tmp_path: Path) -> None:
    asked = make(kinds.REPLICATION_CONTROLLER)
    asked.spec.template.spec.containers[0].security_context.privileged = True
    where = "spec.template.spec.containers[0].security_context.privileged"
    async with running_apiserver(tmp_path / "store", allow_privileged=True) as api:
        created = await Objects(kinds.REPLICATION_CONTROLLER, api.channel).create(asked)
    async with running_apiserver(tmp_path / "store") as api:
        controllers = Objects(kinds.REPLICATION_CONTROLLER, api.channel)
        asked.metadata.name = "b"
        assert fields(await refusal(controllers.create(asked))) == [(where, "FORBIDDEN")]
        created.spec.replicas = 0
        assert (await controllers.update(created)).spec.replicas == 0


async def test_a_load_balancer_is_not_implemented(api: Api) -> None:
    services = Objects(kinds.SERVICE, api.channel)
    asked = make(kinds.SERVICE)
    asked.spec.type = SERVICE_TYPE_LOAD_BALANCER
    error = await refusal(services.create(asked))
    assert isinstance(error, errors.Unsupported)
    assert fields(error) == [("spec.type", "NOT_SUPPORTED")]
    asked.spec.ports[0].port = 0
    error = await refusal(services.create(asked))
    assert isinstance(error, errors.Invalid), "what is wrong is said first"
    assert fields(error) == [("spec.ports[0].port", "INVALID")]
    assert await services.names() == []


async def test_a_services_name_is_short_and_begins_with_a_letter(api: Api) -> None:
    services = Objects(kinds.SERVICE, api.channel)
    for name in ("s" * 25, "1st", "a.b"):
        assert fields(await refusal(services.create(make(kinds.SERVICE, name)))) == [("metadata.name", "INVALID")]
    asked = make(kinds.SERVICE, "")
    asked.metadata.generate_name = "s" * 20
    assert fields(await refusal(services.create(asked))) == [("metadata.generate_name", "INVALID")]
    asked.metadata.generate_name = "s" * 19
    assert len((await services.create(asked)).metadata.name) == 24


async def test_a_portal_ip_stays_and_need_not_be_said_again(api: Api) -> None:
    services = Objects(kinds.SERVICE, api.channel)
    asked = make(kinds.SERVICE)
    asked.spec.cluster_ip = "10.0.0.7"
    created = await services.create(asked)
    other = copy.deepcopy(created)
    other.spec.cluster_ip = "10.0.0.8"
    assert fields(await refusal(services.update(other))) == [("spec.cluster_ip", "INVALID")]
    created.spec.cluster_ip = ""
    created.spec.ports[0].port = 81
    updated = await services.update(created)
    assert (updated.spec.cluster_ip, updated.spec.ports[0].port) == ("10.0.0.7", 81)


async def test_endpoints_with_the_same_ports_are_stored_as_one(api: Api) -> None:
    endpoints = Objects(kinds.ENDPOINTS, api.channel)
    asked = make(kinds.ENDPOINTS)
    asked.subsets.append(make_endpoints("10.0.0.2").subsets[0])
    created = await endpoints.create(asked)
    (subset,) = created.subsets
    assert [address.ip for address in subset.addresses] == ["10.0.0.1", "10.0.0.2"]


async def test_a_quotas_status_is_the_controllers(api: Api) -> None:
    quotas = Objects(kinds.RESOURCE_QUOTA, api.channel)
    asked = make(kinds.RESOURCE_QUOTA)
    asked.status.used["pods"] = "9"
    created = await quotas.create(asked)
    assert not created.status.used
    told = copy.deepcopy(created)
    told.spec.Clear()
    told.status.hard.update(created.spec.hard)
    told.status.used["pods"] = "3"
    counted = await quotas.update(told, "UpdateStatus")
    assert counted.spec == created.spec
    assert dict(counted.status.used) == {"pods": "3"}
    assert isinstance(await refusal(quotas.update(told, "UpdateStatus")), errors.Conflict)

    counted.spec.hard["pods"] = "20"
    counted.status.used["pods"] = "0"
    updated = await quotas.update(counted)
    assert (updated.spec.hard["pods"], updated.status.used["pods"]) == ("20", "3")

    updated.status.used["pods"] = "many"
    error = await refusal(quotas.update(updated, "UpdateStatus"))
    assert fields(error) == [("status.used[pods]", "INVALID")]
    updated.metadata.resource_version = 0
    error = await refusal(quotas.update(updated, "UpdateStatus"))
    assert fields(error) == [("metadata.resource_version", "INVALID")]


async def test_a_namespaces_status_and_finalizers_have_verbs_of_their_own(api: Api) -> None:
    namespaces = Objects(kinds.NAMESPACE, api.channel)
    created = await namespaces.create(make(kinds.NAMESPACE))
    assert list(created.spec.finalizers) == ["kubernetes"]
    told = copy.deepcopy(created)
    told.status.phase = NAMESPACE_PHASE_TERMINATING
    told.spec.finalizers.append("example.com/backup")
    marked = await namespaces.update(told, "UpdateStatus")
    assert (marked.status.phase, list(marked.spec.finalizers)) == (NAMESPACE_PHASE_TERMINATING, ["kubernetes"])
    assert await namespaces.names(field_selector="status.phase=Terminating") == ["a"]
    marked.spec.finalizers[:] = []
    finished = await namespaces.update(marked, "Finalize")
    assert list(finished.spec.finalizers) == []
    finished.metadata.labels["tier"] = "front"
    labelled = await namespaces.update(finished)
    assert list(labelled.spec.finalizers) == [], "an update brings none back"
    labelled.spec.finalizers[:] = ["nobody"]
    error = await refusal(namespaces.update(labelled, "Finalize"))
    assert fields(error) == [("spec.finalizers[0]", "INVALID")]


async def test_events_are_found_by_all_of_what_they_are_about(api: Api) -> None:
    events = Objects(kinds.EVENT, api.channel)
    asked = make(kinds.EVENT)
    about = asked.involved_object
    about.kind, about.namespace, about.name, about.uid = "Pod", "default", "web", "u"
    about.api_version, about.resource_version, about.field_path = "v1beta1", "7", "spec.containers{c}"
    await events.create(asked)
    await events.create(make(kinds.EVENT, "other"))
    for field in ("kind", "namespace", "name", "uid", "api_version", "resource_version", "field_path"):
        selector = f"involved_object.{field}={getattr(about, field)}"
        assert await events.names(field_selector=selector) == ["a"]
