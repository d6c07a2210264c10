"""`peapod run-container`."""

from __future__ import annotations

import json

import pytest

from tests.service.cli.conftest import Outcome, Run
from tests.support import controllers
from tests.support.apiserver import Api

TABLE = """\
CONTROLLER   CONTAINER(S)   IMAGE(S)             SELECTOR            REPLICAS
web          web            peapod-test/none:1   run-container=web   1
"""
IMAGE = "--image=peapod-test/none:1"


async def test_a_controller_of_one_image(peapod: Run, api: Api) -> None:
    assert await peapod("run-container", "web", IMAGE, "--port=80") == Outcome(0, TABLE, "")
    stored = await controllers.read(api, "web")
    template = stored.spec.template
    own = {"run-container": "web"}
    assert [dict(pairs) for pairs in (stored.metadata.labels, stored.spec.selector, template.metadata.labels)] == [
        own
    ] * 3
    assert [port.container_port for port in template.spec.containers[0].ports] == [80]
    assert (await peapod("get", "rc", "web")).out == TABLE


async def test_labels_replicas_and_overrides(peapod: Run, api: Api) -> None:
    flags = ["-l", "app=shop,tier=front", "--replicas=3", "--overrides", '{"desiredState": {"replicas": 2}}']
    outcome = await peapod("run-container", "web", IMAGE, *flags, "-o", "json")
    document = json.loads(outcome.out)
    assert document["desiredState"]["replicas"] == 2
    assert document["desiredState"]["replicaSelector"] == {"app": "shop", "tier": "front"}
    assert (await controllers.read(api, "web")).spec.replicas == 2


async def test_a_dry_run_stores_nothing(peapod: Run, api: Api) -> None:
    outcome = await peapod("run-container", "web", IMAGE, "--dry-run")
    assert outcome == Outcome(0, TABLE, "")
    assert await controllers.names(api) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["web"], "the following arguments are required: --image"),
        ([IMAGE], "give one name: peapod run-container NAME --image=IMAGE"),
        (["web", "db", IMAGE], "give one name"),
        (["Web", IMAGE], "run-container: id: must consist of parts of a-z"),
        (["web", IMAGE, "--port=0"], "argument --port: 0 is no port: these are 1 to 65535"),
        (["web", IMAGE, "-l", "a b=c"], '--labels: "a b=c": the key must'),
        (["web", IMAGE, "-l", "a-"], '--labels: "a-" sets nothing'),
        (["web", IMAGE, "--overrides", "{"], "--overrides is no JSON"),
        (["web", IMAGE, "--overrides", '{"frob": 1}'], "--overrides: frob: unknown field"),
        (
            ["web", IMAGE, "--overrides", '{"desiredState": {"replicas": -1}}'],
            "--overrides: desiredState.replicas: must",
        ),
    ],
)
async def test_what_cannot_be_run_is_said(peapod: Run, api: Api, words: list[str], why: str) -> None:
    outcome = await peapod("run-container", *words)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.errors[0].startswith(f"error: {why}")
    assert await controllers.names(api) == []
