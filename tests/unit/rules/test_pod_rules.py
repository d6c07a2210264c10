"""Every wrong field of a pod is named, all at once."""

from __future__ import annotations

import pytest

from peapod.rules.metadata import violations as metadata_violations
from peapod.rules.pod_defaults import set_defaults
from peapod.rules.pod_spec import spec_violations
from peapod.v1 import meta_pb2, pod_pb2


def podtest() -> pod_pb2.Pod:
    pod = pod_pb2.Pod(metadata=meta_pb2.ObjectMeta(name="podtest", namespace="default"))
    pod.spec.containers.add(name="master1", image="peapod-test/redis:1").ports.add(container_port=6379, host_port=6388)
    pod.spec.containers.add(name="master2", image="peapod-test/sshd:1").ports.add(container_port=22, host_port=8888)
    set_defaults(pod)
    return pod


def wrong_fields(pod: pod_pb2.Pod) -> list[str]:
    set_defaults(pod)
    return [violation.field for violation in spec_violations(pod.spec, "spec")]


def test_the_chapters_pod_is_right() -> None:
    assert wrong_fields(podtest()) == []
    assert [*metadata_violations(podtest().metadata, True)] == []


def test_defaults() -> None:
    spec = podtest().spec
    assert spec.restart_policy == pod_pb2.RESTART_POLICY_ALWAYS
    assert spec.dns_policy == pod_pb2.DNS_POLICY_DEFAULT
    assert spec.termination_grace_period_seconds == 10
    assert spec.containers[0].ports[0].protocol == pod_pb2.PROTOCOL_TCP
    assert spec.containers[0].image_pull_policy == pod_pb2.PULL_POLICY_IF_NOT_PRESENT


def test_latest_is_always_pulled() -> None:
    pod = pod_pb2.Pod()
    pod.spec.containers.add(name="a", image="x:latest")
    pod.spec.containers.add(name="b", image="x")
    set_defaults(pod)
    policies = [container.image_pull_policy for container in pod.spec.containers]
    assert policies == [pod_pb2.PULL_POLICY_ALWAYS, pod_pb2.PULL_POLICY_IF_NOT_PRESENT]


def test_a_pod_without_containers() -> None:
    assert wrong_fields(pod_pb2.Pod()) == ["spec.containers"]


def test_the_network_containers_name_is_taken() -> None:
    pod = podtest()
    pod.spec.containers[1].name = "net"
    assert wrong_fields(pod) == ["spec.containers[1].name"]


def test_everything_wrong_is_said_at_once() -> None:
    pod = podtest()
    pod.spec.containers[1].name = "master1"
    pod.spec.containers[1].image = ""
    pod.spec.containers[0].ports[0].container_port = 0
    pod.spec.containers[0].env.add(name="1x")
    pod.spec.containers[0].volume_mounts.add(name="none", mount_path="relative")
    pod.spec.containers[0].resources.limits["cpu"] = "much"
    pod.spec.containers[0].resources.limits["disk"] = "1"
    pod.spec.volumes.add(name="Bad")
    pod.spec.node_selector["Upper"] = "v"
    assert sorted(wrong_fields(pod)) == [
        "spec.containers[0].env[0].name",
        "spec.containers[0].ports[0].container_port",
        "spec.containers[0].resources.limits[cpu]",
        "spec.containers[0].resources.limits[disk]",
        "spec.containers[0].volume_mounts[0].mount_path",
        "spec.containers[0].volume_mounts[0].name",
        "spec.containers[1].image",
        "spec.containers[1].name",
        "spec.node_selector",
        "spec.volumes[0].name",
    ]


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        ({"host_port": 80}, {"host_port": 80}, True),
        ({"host_port": 80, "host_ip": "127.0.0.1"}, {"host_port": 80}, True),
        ({"host_port": 80, "host_ip": "127.0.0.1"}, {"host_port": 80, "host_ip": "127.0.0.2"}, False),
        ({"host_port": 80}, {"host_port": 80, "protocol": pod_pb2.PROTOCOL_UDP}, False),
        ({"host_port": 0}, {"host_port": 0}, False),
    ],
)
def test_host_ports_collide_by_address_port_and_protocol(
    one: dict[str, object], other: dict[str, object], collide: bool
) -> None:
    pod = podtest()
    for container, port in zip(pod.spec.containers, (one, other), strict=True):
        del container.ports[:]
        container.ports.add(container_port=1, **port)
    assert wrong_fields(pod) == (["spec.containers[1].ports[0].host_port"] if collide else [])
