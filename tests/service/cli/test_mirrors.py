"""The mirror of a static pod, by command: shown and labelled like any pod, and left to its node otherwise."""

from __future__ import annotations

import json

from peapod.rules.mirror import MIRROR
from peapod.v1.pod_service_pb2 import CreatePodRequest
from tests.service.cli.conftest import Outcome, Run
from tests.support.apiserver import Api
from tests.support.objects import make_pod

WHY = 'error: {}Pod "web-n1" is the mirror of a static pod of node n1: {} its manifest there\n'


async def test_a_mirror_is_left_to_its_node(peapod: Run, api: Api) -> None:
    mirror = make_pod("web-n1", node="n1")
    mirror.metadata.annotations[MIRROR] = "static-uid"
    await api.pods.create_pod(CreatePodRequest(pod=mirror))
    assert await peapod("delete", "pod", "web-n1") == Outcome(1, "", WHY.format("", "remove"))
    document = json.loads((await peapod("get", "pod", "web-n1", "-o", "json")).out)
    document["desiredState"]["manifest"]["containers"][0]["image"] = "other"
    changed = await peapod("update", "-f", "-", stdin=json.dumps(document))
    assert changed == Outcome(1, "", WHY.format("standard input: ", "change"))
    labelled = await peapod("label", "pod", "web-n1", "tier=front")
    assert labelled.status == 0
    assert "tier=front" in (await peapod("get", "pod", "web-n1")).out
