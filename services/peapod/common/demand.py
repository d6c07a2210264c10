"""What a pod asks of a node, read from the pod once, as plain numbers and sets."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from peapod.common import quantity
from peapod.v1 import pod_pb2

Group = tuple[str, frozenset[tuple[str, str]]]
"""A namespace and a set of labels: pods that carry exactly these are spread over the nodes."""

ANY_IP = "0.0.0.0"
_WILDCARDS = frozenset({"", "::", ANY_IP})
_UDP = pod_pb2.PROTOCOL_UDP


class HostPort(NamedTuple):
    """A port of the node that a pod publishes; `ip` is ANY_IP for all addresses."""

    port: int
    protocol: str
    ip: str

    def __str__(self) -> str:
        return f"{self.port}{'' if self.protocol == 'TCP' else '/' + self.protocol}"

    def conflicts(self, other: HostPort) -> bool:
        """Tell whether a node cannot publish both."""
        same = self.port == other.port and self.protocol == other.protocol
        return same and (self.ip == other.ip or ANY_IP in (self.ip, other.ip))


class Disk(NamedTuple):
    """A persistent disk that a pod mounts."""

    name: str
    read_only: bool

    @property
    def rivals(self) -> tuple[Disk, ...]:
        """What no other pod of the node may mount then: a disk has one writer, or any number of readers."""
        writer = Disk(self.name, False)
        return (writer,) if self.read_only else (writer, Disk(self.name, True))


class Demand(NamedTuple):
    """What one pod asks for. `cpu` is in thousandths of a core, `memory` in bytes; 0 asks for nothing."""

    cpu: int
    memory: int
    ports: tuple[HostPort, ...]
    disks: tuple[Disk, ...]
    selector: frozenset[tuple[str, str]]
    """Labels that the node must carry."""
    group: Group

    @classmethod
    def of(cls, pod: pod_pb2.Pod) -> Demand:
        """Read a pod; raise ValueError for a quantity that is none."""
        spec, metadata = pod.spec, pod.metadata
        cpu = memory = 0
        ports: list[HostPort] = []
        for container in spec.containers:
            if container.HasField("resources"):
                cpu += _amount(container.resources, "cpu", milli)
                memory += _amount(container.resources, "memory", whole)
            ports += [host_port(port) for port in container.ports if port.host_port]
        return cls(
            cpu,
            memory,
            tuple(ports),
            tuple(_disks(spec)) if spec.volumes else (),
            frozenset(spec.node_selector.items()),
            (metadata.namespace, frozenset(metadata.labels.items())),
        )


@lru_cache(4096)
def milli(text: str) -> int:
    """Read a quantity in thousandths; the few spellings that a cluster uses are read once."""
    return quantity.milli(text)


@lru_cache(4096)
def whole(text: str) -> int:
    """Read a quantity in whole units, likewise."""
    return quantity.whole(text)


def _amount(resources: pod_pb2.ResourceRequirements, name: str, read: Callable[[str], int]) -> int:
    text = resources.limits.get(name) or resources.requests.get(name)
    return read(text) if text else 0


def host_port(port: pod_pb2.ContainerPort) -> HostPort:
    """Read a port that has a host port."""
    ip = ANY_IP if port.host_ip in _WILDCARDS else port.host_ip
    return HostPort(port.host_port, "UDP" if port.protocol == _UDP else "TCP", ip)


def _disks(spec: pod_pb2.PodSpec) -> list[Disk]:
    sources = [volume.gce_persistent_disk for volume in spec.volumes if volume.HasField("gce_persistent_disk")]
    return [Disk(source.pd_name, source.read_only) for source in sources]
