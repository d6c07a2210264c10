"""`peapod delete`: by name, by file, by selector."""

from __future__ import annotations

import json
from typing import Any

import pytest

from peapod.v1 import pod_service_pb2
from tests.service.cli.conftest import Outcome, Run
from tests.support.apiserver import Api


def pod(name: str, **labels: str) -> dict[str, Any]:
    manifest = {"version": "v1beta2", "containers": [{"name": "c", "image": "i"}]}
    head = {"kind": "Pod", "apiVersion": "v1beta1", "id": name, "labels": labels}
    return head | {"desiredState": {"manifest": manifest}}


PODS = json.dumps(
    {"kind": "List", "apiVersion": "v1beta1", "items": [pod("a", tier="web"), pod("b", tier="web"), pod("c")]}
)


@pytest.fixture(autouse=True)
async def _pods(peapod: Run) -> None:
    await peapod("create", "-f", "-", stdin=PODS)


async def left(api: Api) -> list[str]:
    return [item.metadata.name for item in (await api.pods.list_pods(pod_service_pb2.ListPodsRequest())).items]


async def test_by_name(peapod: Run, api: Api) -> None:
    assert await peapod("delete", "pod", "a", "b") == Outcome(0, "pods/a\npods/b\n", "")
    assert await left(api) == ["c"]


async def test_a_name_that_is_not_there_is_an_error_and_the_others_go(peapod: Run, api: Api) -> None:
    outcome = await peapod("delete", "pod/x", "po/c")
    assert outcome == Outcome(1, "pods/c\n", 'error: Pod "x" not found in namespace default\n')
    assert await left(api) == ["a", "b"]


async def test_by_selector(peapod: Run, api: Api) -> None:
    assert await peapod("delete", "pods", "-l", "tier=web") == Outcome(0, "pods/a\npods/b\n", "")
    assert await left(api) == ["c"]
    assert await peapod("delete", "pods", "-l", "tier=web") == Outcome(0, "", "No resources found\n")


async def test_all(peapod: Run, api: Api) -> None:
    assert (await peapod("delete", "pods", "--all")).out == "pods/a\npods/b\npods/c\n"
    assert await left(api) == []


async def test_by_file_and_what_is_gone_already_counts_as_deleted(peapod: Run, api: Api) -> None:
    await peapod("delete", "pod", "b")
    outcome = await peapod("delete", "-f", "-", stdin=PODS)
    assert (outcome.status, outcome.out) == (0, "pods/a\npods/c\n")
    assert outcome.err == 'standard input: Pod "b" is not there\n'
    assert await left(api) == []


@pytest.mark.parametrize(
    "words", [[], ["pods"], ["pods", "a", "--all"], ["pods", "a", "-l", "tier=web"], ["frob", "a"]]
)
async def test_nothing_is_deleted_by_an_unclear_command(peapod: Run, api: Api, words: list[str]) -> None:
    outcome = await peapod("delete", *words)
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert await left(api) == ["a", "b", "c"]
