"""What the sandbox says it cannot do, field by field."""

from __future__ import annotations

from peapod.common.errors import Violation
from peapod.kubelet.runtime.sandbox.refusals import refusals
from peapod.v1 import pod_pb2


def pod(*containers: pod_pb2.Container) -> pod_pb2.Pod:
    return pod_pb2.Pod(spec=pod_pb2.PodSpec(containers=containers))


def fields(violations: list[Violation]) -> list[str]:
    return [violation.field for violation in violations]


def test_a_plain_pod_is_taken() -> None:
    web = pod_pb2.Container(
        name="web",
        image="host",
        command=["/bin/true"],
        ports=[
            pod_pb2.ContainerPort(container_port=80),
            pod_pb2.ContainerPort(container_port=81, host_port=81, host_ip="0.0.0.0"),
        ],
        resources=pod_pb2.ResourceRequirements(requests={"cpu": "1"}),
        security_context=pod_pb2.SecurityContext(capabilities=pod_pb2.Capabilities(drop=["ALL"])),
    )
    assert refusals(pod(web)) == []


def test_every_field_that_cannot_be_honoured_is_named() -> None:
    greedy = pod_pb2.Container(
        name="greedy",
        ports=[
            pod_pb2.ContainerPort(container_port=80),
            pod_pb2.ContainerPort(container_port=80, host_port=8080, host_ip="10.0.0.1"),
        ],
        resources=pod_pb2.ResourceRequirements(limits={"memory": "64Mi", "cpu": "1"}),
        security_context=pod_pb2.SecurityContext(privileged=True, capabilities=pod_pb2.Capabilities(add=["SYS_ADMIN"])),
    )
    assert fields(refusals(pod(pod_pb2.Container(name="fine"), greedy))) == [
        "spec.containers[1].resources.limits[cpu]",
        "spec.containers[1].resources.limits[memory]",
        "spec.containers[1].ports[1].host_port",
        "spec.containers[1].ports[1].host_ip",
        "spec.containers[1].security_context.privileged",
        "spec.containers[1].security_context.capabilities.add",
    ]


def test_the_reason_says_what_would_be_right() -> None:
    mapped = pod_pb2.Container(ports=[pod_pb2.ContainerPort(container_port=6379, host_port=6388)])
    (violation,) = refusals(pod(mapped))
    assert "6379" in violation.description
