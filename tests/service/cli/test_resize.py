"""`peapod resize`."""

from __future__ import annotations

import pytest

from tests.service.cli.conftest import Outcome, Run
from tests.support import controllers
from tests.support.apiserver import Api
from tests.support.controllers import make_controller


@pytest.fixture(autouse=True)
async def web(api: Api) -> None:
    """Have a controller `web` that asks for two pods."""
    await controllers.create(api, make_controller("web", 2))


@pytest.mark.parametrize("line", ["resize --replicas=3 rc web", "scale rc/web --current-replicas=2 --replicas 3"])
async def test_another_number_is_asked_for(peapod: Run, api: Api, line: str) -> None:
    assert await peapod(*line.split()) == Outcome(0, "resized\n", "")
    assert (await controllers.read(api, "web")).spec.replicas == 3


async def test_only_a_certain_state_is_changed(peapod: Run, api: Api) -> None:
    version = (await controllers.read(api, "web")).metadata.resource_version
    outcome = await peapod("resize", "--replicas=3", "--current-replicas=1", "rc", "web")
    assert outcome == Outcome(1, "", 'error: ReplicationController "web" asks for 2 replicas, not 1\n')
    outcome = await peapod("resize", "--replicas=3", f"--resource-version={version + 5}", "rc", "web")
    assert outcome.status == 1
    assert outcome.err.startswith('error: ReplicationController "web" was changed since')
    assert (await controllers.read(api, "web")).spec.replicas == 2
    assert (await peapod("resize", "--replicas=3", f"--resource-version={version}", "rc", "web")).status == 0


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("resize rc web", "the following arguments are required: --replicas"),
        ("resize --replicas=3", "name one: peapod resize --replicas=NUMBER rc NAME"),
        ("resize --replicas=3 rc web db", "name one: peapod resize"),
        ("resize --replicas=3 pod web", "pods are none of replicationControllers: peapod resize"),
        ("resize --replicas=-1 rc web", "argument --replicas: '-1' is no whole number"),
        ("resize --replicas=3 rc nope", 'ReplicationController "nope" not found in namespace default'),
    ],
)
async def test_what_cannot_be_resized_is_said(peapod: Run, line: str, why: str) -> None:
    outcome = await peapod(*line.split())
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert outcome.err.startswith(f"error: {why}")
