"""Every kind, from its file to its end."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from peapod.v1 import endpoints_pb2, endpoints_service_pb2, pod_service_pb2, resource_quota_service_pb2
from tests.service.cli.conftest import Outcome, Run
from tests.support import controllers
from tests.support.apiserver import Api
from tests.support.controllers import make_controller, obedient
from tests.support.objects import make_pod

V = {"apiVersion": "v1beta1", "labels": {"app": "shop"}}
MANIFEST = {"version": "v1beta1", "containers": [{"name": "c", "image": "peapod-test/none:1"}]}
TEMPLATE = {"labels": {"app": "shop"}, "desiredState": {"manifest": MANIFEST}}
CONTROLLER = {
    "kind": "ReplicationController",
    "id": "web",
    "desiredState": {"replicas": 2, "replicaSelector": {"app": "shop"}, "podTemplate": TEMPLATE},
}
SERVICE = {"kind": "Service", "id": "web", "port": 80, "containerPort": "http", "selector": {"app": "shop"}}
ENDPOINTS = {"kind": "Endpoints", "id": "web", "endpoints": ["10.1.0.1:8080", "10.1.0.2:8080"]}
LIMITS = {"kind": "LimitRange", "id": "web", "spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}}]}}
QUOTA = {"kind": "ResourceQuota", "id": "web", "spec": {"hard": {"pods": 5, "cpu": "4"}}}

KINDS = [
    ("rc", "replicationControllers", CONTROLLER, "CONTROLLER CONTAINER(S) IMAGE(S) SELECTOR REPLICAS",
     "web c peapod-test/none:1 app=shop 2"),
    ("svc", "services", SERVICE, "NAME LABELS SELECTOR IP PORT", "web app=shop app=shop 10.0.0.7 80"),
    ("ep", "endpoints", ENDPOINTS, "NAME ENDPOINTS", "web 10.1.0.1:8080,10.1.0.2:8080"),
    ("limits", "limitRanges", LIMITS, "NAME", "web"),
    ("quota", "resourceQuotas", QUOTA, "NAME", "web"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "plural", "document", "heads", "row"), KINDS, ids=[kind[0] for kind in KINDS])
async def test_a_kind_from_its_file_to_its_end(
    peapod: Run, word: str, plural: str, document: dict[str, Any], heads: str, row: str
) -> None:
    portal = {"portalIP": "10.0.0.7"} if word == "svc" else {}
    made = await peapod("create", "-f", "-", stdin=json.dumps(V | document | portal))
    assert made == Outcome(0, "web\n", "")
    table = (await peapod("get", plural)).out.splitlines()
    assert [" ".join(line.split()) for line in table] == [heads, row]
    labelled = await peapod("label", word, "web", "tier=front")
    assert (labelled.status, labelled.err) == (0, "")
    assert (await peapod("get", f"{word}", "-l", "tier=front", "--no-headers")).out.split()[0] == "web"
    for version in ("v1beta1", "v1beta2", "v1beta3"):
        text = (await peapod("get", f"{word}/web", "-o", "yaml", "--output-version", version)).out
        assert yaml.safe_load(text)["apiVersion"] == version
        assert await peapod("update", "-f", "-", stdin=text) == Outcome(0, f"{plural}/web\n", "")
    patched = await peapod("update", word, "web", "--patch", '{"labels": {"tier": "back"}}')
    assert patched == Outcome(0, "web\n", "")
    assert (await peapod("describe", word, "web")).out.startswith("Name:")
    assert await peapod("delete", word, "web") == Outcome(0, f"{plural}/web\n", "")
    assert await peapod("get", word, "web") == Outcome(
        1, "", f'error: {document["kind"]} "web" not found in namespace default\n'
    )


WRONG = [
    (CONTROLLER | {"desiredState": {"replicas": -1}},
     ["desiredState.replicas", "desiredState.replicaSelector", "desiredState.podTemplate"]),
    (SERVICE | {"id": "Web", "port": 0}, ["id", "port"]),
    (ENDPOINTS | {"subsets": [{"addresses": [{"IP": "x"}]}]}, ["subsets[0].ports", "subsets[0].addresses[0].IP"]),
    (LIMITS | {"spec": {"limits": [{"type": "Frob"}]}}, ["spec.limits[0].type"]),
    (QUOTA | {"spec": {"hard": {"frobs": 1}}}, ["spec.hard"]),
]  # fmt: skip


@pytest.mark.parametrize(("document", "fields"), WRONG, ids=[document["kind"] for document, _ in WRONG])
@pytest.mark.parametrize("broken", [{}, {"frob": 1}], ids=["readable", "unreadable"])
async def test_every_wrong_field_is_named_also_beside_what_cannot_be_read(
    peapod: Run, document: dict[str, Any], fields: list[str], broken: dict[str, Any]
) -> None:
    outcome = await peapod("create", "-f", "-", stdin=json.dumps(V | document | broken))
    assert outcome.status == 1
    said = {line.split(": ")[2] for line in outcome.errors}
    assert {field for field in fields if not any(place.startswith(field) for place in said)} == set()
    assert ("frob" in said) is bool(broken)


async def test_words_of_the_version_that_the_file_is_in(peapod: Run) -> None:
    spec = {"replicas": -1, "selector": {"app": "shop"}}
    document = {"kind": "ReplicationController", "apiVersion": "v1beta3", "metadata": {"name": "web"}, "spec": spec}
    outcome = await peapod("create", "-f", "-", stdin=json.dumps(document))
    assert [line.split(": ")[2] for line in outcome.errors] == ["spec.replicas", "spec.template"]


async def test_a_controller_is_described_with_its_pods(peapod: Run, api: Api) -> None:
    await controllers.create(api, make_controller("web", 2))
    for name in ("web-a", "web-b", "other"):
        labels = {} if name == "other" else {"app": "shop", "version": "1"}
        pod = make_pod(name, labels=labels)
        await api.pods.create_pod(pod_service_pb2.CreatePodRequest(pod=pod))
    async with obedient(api) as manager:
        await manager.reached("web", 2)
    lines = [" ".join(line.split()) for line in (await peapod("describe", "rc", "web")).out.splitlines()]
    assert "Image(s): peapod-test/none:1" in lines
    assert "Selector: app=shop,version=1" in lines
    assert "Replicas: 2 current / 2 desired" in lines
    assert "Pods Status: 0 Running / 2 Waiting / 0 Succeeded / 0 Failed" in lines
    assert lines[-1] == "No events."
    pods = (await peapod("describe", "pods")).out
    assert pods.count("web (2/2 replicas created)") == 2


async def test_a_service_is_described_with_who_answers(peapod: Run, api: Api) -> None:
    made = await peapod("create", "-f", "-", stdin=json.dumps(V | SERVICE | {"portalIP": "10.0.0.7"}))
    assert made.err == ""
    before = [" ".join(line.split()) for line in (await peapod("describe", "svc", "web")).out.splitlines()]
    assert {"IP: 10.0.0.7", "Port: 80/TCP -> http", "Endpoints: <none>", "Session Affinity: None"} <= set(before)
    endpoints = endpoints_pb2.Endpoints(metadata={"name": "web", "namespace": "default"})
    subset = endpoints.subsets.add(addresses=[{"ip": "10.1.0.1", "target_ref": {"kind": "Pod", "name": "web-a"}}])
    subset.ports.add(port=8080)
    await api.endpoints.create_endpoints(endpoints_service_pb2.CreateEndpointsRequest(endpoints=endpoints))
    after = [" ".join(line.split()) for line in (await peapod("describe", "svc", "web")).out.splitlines()]
    assert "Endpoints: 10.1.0.1:8080" in after
    alone = [" ".join(line.split()) for line in (await peapod("describe", "endpoints", "web")).out.splitlines()]
    assert "10.1.0.1 8080 TCP Pod web-a" in alone


async def test_a_quota_and_limits_are_described_by_what_is_used_and_allowed(peapod: Run, api: Api) -> None:
    text = json.dumps(V | QUOTA) + json.dumps(V | LIMITS)
    assert (await peapod("create", "-f", "-", stdin=text)).err == ""
    get = resource_quota_service_pb2.GetResourceQuotaRequest(namespace="default", name="web")
    quota = (await api.resource_quotas.get_resource_quota(get)).resource_quota
    quota.status.hard.update(quota.spec.hard)
    quota.status.used.update({"pods": "3"})
    update = resource_quota_service_pb2.UpdateResourceQuotaStatusRequest(resource_quota=quota)
    await api.resource_quotas.update_resource_quota_status(update)
    described = [line.split() for line in (await peapod("describe", "quota", "web")).out.splitlines()]
    assert ["pods", "3", "5"] in described
    assert ["cpu", "4"] in described
    limits = [line.split() for line in (await peapod("describe", "limits", "web")).out.splitlines()]
    assert ["Container", "cpu", "-", "2"] in limits
