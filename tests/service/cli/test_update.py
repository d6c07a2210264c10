"""`peapod update`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from peapod.v1 import pod_pb2, pod_service_pb2
from tests.service.cli.conftest import Outcome, Run
from tests.support.apiserver import Api


def manifest(image: str = "shop/web:1", **more: Any) -> dict[str, Any]:
    containers = [{"name": "main", "image": image}]
    desired = {"manifest": {"version": "v1beta1", "containers": containers}}
    return {"id": "web", "kind": "Pod", "apiVersion": "v1beta1", "desiredState": desired} | more


@pytest.fixture
async def web(api: Api, peapod: Run) -> None:
    """Have a pod `web` on a node."""
    assert (await peapod("create", "-f", "-", stdin=json.dumps(manifest()))).status == 0
    binding = pod_service_pb2.Binding(namespace="default", name="web", node_name="node-1")
    await api.pods.bind_pods(pod_service_pb2.BindPodsRequest(bindings=[binding]))


async def read(api: Api) -> pod_pb2.Pod:
    return (await api.pods.get_pod(pod_service_pb2.GetPodRequest(namespace="default", name="web"))).pod


@pytest.mark.usefixtures("web")
async def test_a_file_replaces_what_is_there(peapod: Run, api: Api) -> None:
    changed = manifest("shop/web:2", labels={"tier": "front"})
    assert await peapod("update", "-f", "-", stdin=json.dumps(changed)) == Outcome(0, "pods/web\n", "")
    pod = await read(api)
    assert pod.spec.containers[0].image == "shop/web:2"
    assert dict(pod.metadata.labels) == {"tier": "front"}
    assert pod.spec.node_name == "node-1"


@pytest.mark.usefixtures("web")
async def test_what_was_read_is_written_only_over_itself(peapod: Run, api: Api) -> None:
    text = (await peapod("get", "pod", "web", "-o", "yaml")).out
    assert (await peapod("label", "pod", "web", "a=1")).status == 0
    outcome = await peapod("update", "-f", "-", stdin=text.replace("web:1", "web:2"))
    version = (await read(api)).metadata.resource_version
    why = f'error: standard input: Pod "web" was changed since: it is at version {version} now\n'
    assert outcome == Outcome(1, "", why)
    text = (await peapod("get", "pod", "web", "-o", "yaml")).out
    assert (await peapod("update", "-f", "-", stdin=text.replace("web:1", "web:2"))).out == "pods/web\n"
    assert (await read(api)).spec.containers[0].image == "shop/web:2"


@pytest.mark.usefixtures("web")
async def test_what_may_not_change_is_named_in_the_words_of_the_file(peapod: Run, api: Api) -> None:
    changed = manifest()
    changed["desiredState"]["manifest"]["restartPolicy"] = {"never": {}}
    outcome = await peapod("update", "-f", "-", stdin=json.dumps(changed))
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith("error: standard input: desiredState.manifest.restartPolicy: ")
    assert len(outcome.errors) == 1


@pytest.mark.usefixtures("web")
async def test_one_that_is_not_there_does_not_stop_the_others(peapod: Run) -> None:
    both = {"kind": "List", "apiVersion": "v1beta1", "items": [manifest(id="nope"), manifest(labels={"a": "1"})]}
    outcome = await peapod("update", "-f", "-", stdin=json.dumps(both))
    why = 'error: standard input: Pod "nope" not found in namespace default\n'
    assert outcome == Outcome(1, "pods/web\n", why)


async def test_unknown_fields_are_refused(peapod: Run) -> None:
    outcome = await peapod("update", "-f", "-", stdin=json.dumps(manifest(colour="red")))
    assert outcome == Outcome(1, "", "error: standard input: colour: unknown field\n")


@pytest.mark.usefixtures("web")
async def test_a_patch_changes_parts(peapod: Run, api: Api) -> None:
    assert (await peapod("label", "pod", "web", "a=1", "b=2")).status == 0
    patch = {"labels": {"a": None, "c": "3"}}
    assert await peapod("update", "pod", "web", "--patch", json.dumps(patch)) == Outcome(0, "web\n", "")
    pod = await read(api)
    assert dict(pod.metadata.labels) == {"b": "2", "c": "3"}
    assert (pod.spec.node_name, pod.spec.containers[0].image) == ("node-1", "shop/web:1")
    containers = [{"name": "main", "image": "shop/web:2", "imagePullPolicy": "PullIfNotPresent"}]
    patch = {"desiredState": {"manifest": {"containers": containers}}}
    assert await peapod("update", f"--patch={json.dumps(patch)}", "pod/web") == Outcome(0, "web\n", "")
    assert (await read(api)).spec.containers[0].image == "shop/web:2"


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "say what to update: -f FILE, or TYPE NAME --patch JSON"),
        (["pod", "web"], "say what to update"),
        (["-f", "-", "--patch", "{}"], "say what to update"),
        (["pods", "--patch", "{}"], "--patch changes one object"),
        (["pod", "web", "--patch", "{"], "--patch is no JSON: "),
        (["pod", "web", "--patch", "[]"], "--patch must be an object"),
        (["pod", "web", "--patch", '{"colour": "red"}'], "--patch: colour: unknown field"),
        (["pod", "web", "--patch", '{"labels": {"A": "b"}}'], "--patch: labels: 'A': "),
        (["pod", "web", "--patch", '{"id": "other"}'], "--patch may not change what an object is called"),
        (["pod", "web", "--patch", '{"kind": "Frob"}'], "--patch: kind: "),
        (["pod", "web", "--patch", '{"resourceVersion": 7}'], 'Pod "web" was changed since: it is at version '),
        (["pod", "nope", "--patch", "{}"], 'Pod "nope" not found in namespace default'),
    ],
)
async def test_what_cannot_be_patched_is_said(peapod: Run, words: list[str], why: str) -> None:
    outcome = await peapod("update", *words)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: {why}")
    assert len(outcome.errors) == 1
