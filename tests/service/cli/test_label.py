"""`peapod label`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from peapod.v1 import node_pb2, node_service_pb2, pod_pb2, pod_service_pb2
from tests.service.cli.conftest import Outcome, Run, start
from tests.support.apiserver import Api
from tests.support.objects import make_pod


async def create(api: Api, *pods: pod_pb2.Pod) -> None:
    for pod in pods:
        await api.pods.create_pod(pod_service_pb2.CreatePodRequest(pod=pod))


async def pod(api: Api, name: str = "web") -> pod_pb2.Pod:
    return (await api.pods.get_pod(pod_service_pb2.GetPodRequest(namespace="default", name=name))).pod


@pytest.fixture
async def web(api: Api) -> None:
    """Have a pod `web`, and another one."""
    await create(api, make_pod("web", labels={"app": "shop", "stage": "test"}), make_pod("db", labels={"app": "shop"}))


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize("words", [["pod", "web"], ["po/web"], ["pods", "-l", "stage=test"]])
async def test_labels_are_set_and_removed_and_the_row_is_shown(peapod: Run, api: Api, words: list[str]) -> None:
    outcome = await peapod("label", *words, "tier=front", "stage-", "never-there-")
    assert (outcome.status, outcome.err) == (0, "")
    heads, row = outcome.out.splitlines()
    assert heads.split()[:2] == ["POD", "CONTAINER(S)"]
    assert row.split() == ["web", "c", "peapod-test/none:1", "<unassigned>", "app=shop,tier=front", "Pending"]
    assert dict((await pod(api)).metadata.labels) == {"app": "shop", "tier": "front"}


@pytest.mark.usefixtures("web")
async def test_another_value_needs_overwrite(peapod: Run, api: Api) -> None:
    outcome = await peapod("label", "pod", "web", "app=toys", "new=1")
    why = 'error: pods/web: the label "app" is "shop" already; --overwrite changes it to "toys"\n'
    assert outcome == Outcome(1, "", why)
    assert dict((await pod(api)).metadata.labels) == {"app": "shop", "stage": "test"}
    assert (await peapod("label", "--overwrite", "pod", "web", "app=toys")).status == 0
    assert dict((await pod(api)).metadata.labels) == {"app": "toys", "stage": "test"}


@pytest.mark.usefixtures("web")
async def test_nothing_is_changed_unless_all_can_be(peapod: Run, api: Api) -> None:
    outcome = await peapod("label", "pods", "--all", "stage=live")
    assert outcome.errors == ['error: pods/web: the label "stage" is "test" already; --overwrite changes it to "live"']
    assert "stage" not in (await pod(api, "db")).metadata.labels
    outcome = await peapod("label", "pod", "db", "nope", "stage=live")
    assert outcome == Outcome(1, "", 'error: Pod "nope" not found in namespace default\n')
    assert "stage" not in (await pod(api, "db")).metadata.labels


@pytest.mark.usefixtures("web")
async def test_all_wrong_keys_and_values_are_said_at_once(peapod: Run, api: Api) -> None:
    outcome = await peapod("label", "pod", "web", "good=1", "Bad=1", "worse=a b")
    assert (outcome.status, outcome.out) == (1, "")
    assert [line.split(": ")[1] for line in outcome.errors] == ['"Bad=1"', '"worse=a b"']
    assert "good" not in (await pod(api)).metadata.labels


@pytest.mark.usefixtures("web")
async def test_a_certain_version_or_nothing(peapod: Run, api: Api) -> None:
    version = (await pod(api)).metadata.resource_version
    outcome = await peapod("label", "pod", "web", "a=1", "--resource-version", str(version + 7))
    assert outcome == Outcome(1, "", f'error: Pod "web" was changed since: it is at version {version} now\n')
    assert (await peapod("label", "pod", "web", "a=1", "--resource-version", str(version))).status == 0
    several = await peapod("label", "pods", "--all", "a=1", "--resource-version", "1")
    assert several.errors == ["error: --resource-version is of one object; name one"]


@pytest.mark.usefixtures("web")
async def test_labels_of_several_at_once_are_all_kept(api: Api) -> None:
    """Whoever loses a race tries again."""
    started = [await start(api.address, "label", "pod", "web", f"k{number}=v") for number in range(6)]
    ends = await asyncio.gather(*(process.communicate() for process in started))
    assert [process.returncode for process in started] == [0] * 6, ends
    assert {f"k{number}" for number in range(6)} <= set((await pod(api)).metadata.labels)


@pytest.mark.usefixtures("web")
async def test_documents(peapod: Run) -> None:
    one: Any = json.loads((await peapod("label", "pod", "web", "a=1", "-o", "json")).out)
    assert (one["id"], one["labels"]["a"]) == ("web", "1")
    both = json.loads((await peapod("label", "pods", "--all", "a=1", "-o", "json")).out)
    assert [item["labels"]["a"] for item in both["items"]] == ["1", "1"]


async def test_nodes_namespaces_and_secrets(peapod: Run, api: Api) -> None:
    node = node_pb2.Node(metadata={"name": "node-1"})
    await api.nodes.heartbeat_node(node_service_pb2.HeartbeatNodeRequest(node=node))
    assert (await peapod("label", "minion", "node-1", "disk=ssd")).out.splitlines()[1].split()[1] == "disk=ssd"
    assert (await peapod("label", "ns", "default", "team=a")).out.splitlines()[1].split()[1] == "team=a"
    secret = {"kind": "Secret", "apiVersion": "v1beta1", "id": "key", "data": {"k": "dg=="}}
    assert (await peapod("create", "-f", "-", stdin=json.dumps(secret))).status == 0
    assert (await peapod("label", "secret", "key", "app=shop")).status == 0
    assert (await peapod("get", "secrets", "-l", "app=shop", "--no-headers")).out.split() == ["key", "1"]


async def test_a_watch_sees_what_enters_and_leaves_its_selection(peapod: Run, api: Api) -> None:
    await create(api, make_pod("web"))
    process = await start(api.address, "get", "pods", "-w", "-l", "tier=front", "--no-headers")
    assert process.stdout
    await create(api, make_pod("other", labels={"tier": "front"}))
    assert (await process.stdout.readline()).split()[0] == b"other"
    await peapod("label", "pod", "web", "tier=front")
    assert (await process.stdout.readline()).split()[0::4] == [b"web", b"tier=front"]
    await peapod("label", "pod", "web", "tier-")
    assert (await process.stdout.readline()).split()[0::5] == [b"web", b"Deleted"]
    await peapod("label", "pod", "web", "tier=back")
    await peapod("delete", "pod", "other")
    assert (await process.stdout.readline()).split()[0::5] == [b"other", b"Deleted"]
    process.terminate()
    await process.communicate()


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "say what to change"),
        (["pod", "web"], "say what to change"),
        (["pods", "a=1"], "say which ones: by NAME, with -l SELECTOR, or with --all"),
        (["pods", "web", "--all", "a=1"], "say which ones"),
        (["pods", "node/n", "a=1"], "say which ones"),
        (["event", "x", "a=1"], "events cannot be labelled"),
        (["frob", "x", "a=1"], 'there is no resource "frob"'),
        (["pod", "web", "a=1", "--resource-version", "x"], "argument --resource-version: 'x' is no whole number"),
    ],
)
async def test_what_cannot_be_labelled_is_said(peapod: Run, words: list[str], why: str) -> None:
    outcome = await peapod("label", *words)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: {why}")
    assert len(outcome.errors) == 1


async def test_nothing_that_matches_is_no_error(peapod: Run) -> None:
    assert await peapod("label", "pods", "-l", "app=none", "a=1") == Outcome(0, "", "No resources found\n")
