"""What of a pod may change after it was created."""

from __future__ import annotations

from peapod.apiserver.resources.pod import validate_update
from peapod.rules.pod_defaults import set_defaults
from peapod.v1 import meta_pb2, pod_pb2


def podtest() -> pod_pb2.Pod:
    pod = pod_pb2.Pod(metadata=meta_pb2.ObjectMeta(name="podtest", namespace="default"))
    pod.spec.containers.add(name="master1", image="peapod-test/redis:1").ports.add(container_port=6379, host_port=6388)
    pod.spec.containers.add(name="master2", image="peapod-test/sshd:1").ports.add(container_port=22, host_port=8888)
    set_defaults(pod)
    return pod


def test_only_images_may_change() -> None:
    old, new = podtest(), podtest()
    new.spec.containers[0].image = "other:latest"
    assert [*validate_update(new, old)] == []
    new.spec.containers[0].name = "renamed"
    new.spec.node_name = "n2"
    assert [violation.field for violation in validate_update(new, old)] == ["spec.containers", "spec.node_name"]
    del new.spec.containers[1]
    assert [violation.field for violation in validate_update(new, old)] == ["spec.containers"]


def test_an_amount_may_be_spelled_anew_but_not_change() -> None:
    old, new = podtest(), podtest()
    old.spec.containers[0].resources.limits["memory"] = "64Mi"
    new.spec.containers[0].resources.limits["memory"] = str(64 << 20)
    assert [*validate_update(new, old)] == []
    for other in ("65Mi", "much"):
        new.spec.containers[0].resources.limits["memory"] = other
        assert [violation.field for violation in validate_update(new, old)] == ["spec.containers"]
