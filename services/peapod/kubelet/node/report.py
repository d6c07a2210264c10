"""How the node describes itself to the apiserver."""

from __future__ import annotations

from dataclasses import dataclass

import peapod
from peapod.common import quantity
from peapod.common.errors import Unavailable
from peapod.kubelet.config import KubeletConfig
from peapod.kubelet.node.machine import Machine
from peapod.v1 import meta_pb2, node_pb2


@dataclass(frozen=True, slots=True)
class Identity:
    """What of the node stays the same while the kubelet runs."""

    name: str
    labels: dict[str, str]
    capacity: dict[str, str]
    allocatable: dict[str, str]
    """What of the capacity is for pods."""
    host_ip: str
    kubelet_address: str
    """host:port by which the apiserver reaches the kubelet."""
    machine: Machine


@dataclass(frozen=True, slots=True)
class Condition:
    """Why the node is ready, or why it is not."""

    reason: str
    """One CamelCase word."""
    message: str


READY = Condition("KubeletReady", "the container runtime answers")


def capacity(config: KubeletConfig, machine: Machine) -> dict[str, str]:
    """Say what the node has: what was configured, else what the machine has."""
    return {
        "cpu": config.cpu or str(machine.cpus),
        "memory": config.memory or str(machine.memory),
        "pods": str(config.pods),
    }


def allocatable(config: KubeletConfig, capacity: dict[str, str]) -> dict[str, str]:
    """Say what pods may take: the capacity without what is reserved; raise `Unavailable` when that is not there."""
    reserved = {"cpu": config.reserve_cpu, "memory": config.reserve_memory}
    return {name: _rest(name, amount, reserved.get(name, "")) for name, amount in capacity.items()}


def _rest(name: str, amount: str, reserved: str) -> str:
    if not reserved:
        return amount
    rest = quantity.parse(amount) - quantity.parse(reserved)
    if rest < 0:
        raise Unavailable(f"--reserve-{name} {reserved} is more than this node has, which is {amount}")
    return quantity.canonical(f"{rest:f}")


def report(who: Identity, runtime_version: str, condition: Condition) -> node_pb2.Node:
    """Make the node's report. The server sets the times."""
    node = node_pb2.Node(metadata=meta_pb2.ObjectMeta(name=who.name, labels=who.labels))
    node.spec.external_id = who.name
    status = node.status
    status.capacity.update(who.capacity)
    status.allocatable.update(who.allocatable)
    status.conditions.add(
        type="Ready",
        status=meta_pb2.CONDITION_STATUS_TRUE if condition == READY else meta_pb2.CONDITION_STATUS_FALSE,
        reason=condition.reason,
        message=condition.message,
    )
    for kind in ("LegacyHostIP", "InternalIP"):
        status.addresses.add(type=kind, address=who.host_ip)
    status.addresses.add(type="Hostname", address=who.name)
    status.node_info.CopyFrom(_info(who.machine, runtime_version))
    status.daemon_endpoints.kubelet_address = who.kubelet_address
    return node


def _info(machine: Machine, runtime_version: str) -> node_pb2.NodeSystemInfo:
    return node_pb2.NodeSystemInfo(
        machine_id=machine.machine_id,
        system_uuid=machine.system_uuid,
        boot_id=machine.boot_id,
        kernel_version=machine.kernel,
        os_image=machine.os_image,
        container_runtime_version=runtime_version,
        kubelet_version=peapod.__version__,
    )
