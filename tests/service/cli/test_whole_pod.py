"""A pod that says everything goes in and comes out again as it was, and its own description changes nothing of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.service.cli.conftest import Outcome, run
from tests.support.apiserver import running_apiserver
from tests.support.whole_pod import whole_pod

NOT_KEPT = {"uuid", "mountType", "target"}
"""What v1beta1 reads and forgets; of a secret's reference only the name stays."""


async def test_every_field_comes_back_and_can_be_given_again(tmp_path: Path) -> None:
    async with running_apiserver(tmp_path / "db", allow_privileged=True) as api:
        given = json.dumps(whole_pod())
        assert await run(api.address, "create", "-f", "-", stdin=given) == Outcome(0, "whole\n", "")
        shown = await run(api.address, "get", "pod", "whole", "-o", "json")
        assert [*_lost(whole_pod(), json.loads(shown.out), "")] == []
        for again in (shown.out, given):
            assert await run(api.address, "update", "-f", "-", stdin=again) == Outcome(0, "pods/whole\n", "")


async def test_of_a_wrong_one_every_field_is_named(tmp_path: Path) -> None:
    wrong = whole_pod()
    for container in wrong["desiredState"]["manifest"]["containers"]:
        container |= {"name": "net", "image": "", "terminationMessagePath": "x", "livenessProbe": {}}
        container["ports"][0] |= {"containerPort": 0, "hostPort": 70000, "hostIP": "x", "name": "X"}
        container["env"][0]["name"] = "1"
        container["volumeMounts"][0] |= {"name": "none", "mountPath": "x"}
        container["capabilities"] = {"add": ["X"], "drop": ["X"]}
    async with running_apiserver(tmp_path / "db") as api:
        outcome = await run(api.address, "create", "-f", "-", stdin=json.dumps(wrong))
    assert outcome.status == 1
    named = [line.split(": ")[2] for line in outcome.errors]
    for index in range(3):
        place = f"desiredState.manifest.containers[{index}]."
        assert {field.removeprefix(place) for field in named if field.startswith(place)} == {
            "name",
            "image",
            "terminationMessagePath",
            "livenessProbe",
            "ports[0].containerPort",
            "ports[0].hostPort",
            "ports[0].hostIP",
            "ports[0].name",
            "env[0].name",
            "volumeMounts[0].name",
            "volumeMounts[0].mountPath",
            "capabilities.add[0]",
            "capabilities.drop[0]",
            "privileged",
        }


def _lost(given: Any, shown: Any, path: str) -> Any:
    """Find the places of a document that the other one does not have, or has otherwise."""
    if isinstance(given, dict) and isinstance(shown, dict):
        for key, value in given.items():
            # What is off is not written.
            if key not in NOT_KEPT and value is not False:
                yield from _lost(value, shown.get(key), f"{path}.{key}")
    elif isinstance(given, list) and isinstance(shown, list) and len(given) == len(shown):
        for index, (ours, theirs) in enumerate(zip(given, shown, strict=True)):
            yield from _lost(ours, theirs, f"{path}[{index}]")
    elif given != shown:
        yield path, given, shown
