from __future__ import annotations

from peapod.rules.mirror import MIRROR
from peapod.v1 import pod_pb2
from peapod_cli import tenants
from tests.support.controllers import make_controller
from tests.support.objects import make_pod

SHOP = make_controller("shop", 2)


def sorted_names(*pods: pod_pb2.Pod) -> tuple[list[str], ...]:
    return tuple([pod.metadata.name for pod in part] for part in tenants.sort(pods, [SHOP]))


def test_a_controller_keeps_what_has_all_its_labels() -> None:
    kept = make_pod("kept", labels={"app": "shop", "version": "1", "more": "x"})
    other = make_pod("other", labels={"app": "shop", "version": "2"})
    elsewhere = make_pod("elsewhere", namespace="prod", labels={"app": "shop", "version": "1"})
    assert sorted_names(other, kept, elsewhere) == ([], ["kept"], ["other", "elsewhere"])


def test_a_mirror_is_its_nodes_own_whatever_labels_it_has() -> None:
    mirror = make_pod("static-n1", labels={"app": "shop", "version": "1"})
    mirror.metadata.annotations[MIRROR] = "uid"
    assert sorted_names(mirror) == (["static-n1"], [], [])


def test_a_controller_without_a_selector_keeps_nothing() -> None:
    bare = make_controller("bare", 2)
    bare.spec.ClearField("selector")
    assert tenants.sort([make_pod()], [bare]).kept == []
