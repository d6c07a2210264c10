"""Where an object answers: only addresses that the API's own objects name."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable
from typing import NamedTuple

from peapod.common.errors import Unavailable
from peapod.gateway.forward import numbers
from peapod.gateway.status import BadRequest
from peapod.v1 import endpoints_pb2, pod_pb2

HTTP_PORT = 80
NODE_PORT = 10250
"""Where kubelets served HTTP."""

_OVER = (pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED)


class Destination(NamedTuple):
    """A server. Where nobody named a `port` there is none, and HTTP's own is meant."""

    host: str
    port: int | None

    @property
    def number(self) -> int:
        """The port to connect to."""
        return HTTP_PORT if self.port is None else self.port

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def of_pod(pod: pod_pb2.Pod, port: str) -> Destination:
    """Find a pod's server: at `port`, a number or one of its ports' names, or else at its first port.

    Raises `Unavailable` while the pod has no address, and `BadRequest` for what is no port.
    """
    name = pod.metadata.name
    if pod.status.phase in _OVER:
        raise Unavailable(f'pod "{name}" has ended, and its address may be another one\'s now')
    return Destination(_address(pod.status.pod_ip, f'pod "{name}"'), _pod_port(pod, port))


def of_endpoints(
    endpoints: endpoints_pb2.Endpoints, port: str, choose: Callable[[int], int] = random.randrange
) -> Destination:
    """Choose an address of a subset that has a port of this name. Raises `Unavailable` when there is none.

    `choose` picks one of so many.
    """
    found = [
        (subset, numbered)
        for subset in endpoints.subsets
        for numbered in subset.ports
        if numbered.name == port and numbered.protocol != pod_pb2.PROTOCOL_UDP and subset.addresses
    ]
    name = f'service "{endpoints.metadata.name}"'
    if not found:
        which = f'named "{port}"' if port else "without a name"
        raise Unavailable(f"{name} has no endpoints with a port {which}")
    subset, numbered = found[choose(len(found))]
    return Destination(_address(subset.addresses[choose(len(subset.addresses))].ip, name), numbered.port)


def of_node(name: str) -> Destination:
    """Say where a node's kubelet would serve HTTP."""
    return Destination(name, NODE_PORT)


def _address(text: str, whose: str) -> str:
    if not text:
        raise Unavailable(f"{whose} has no address yet")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise Unavailable(f"{whose} has an address that is none: {text}") from None


def _pod_port(pod: pod_pb2.Pod, port: str) -> int | None:
    declared = [one for container in pod.spec.containers for one in container.ports]
    if not port:
        return declared[0].container_port if declared else None
    named = (one.container_port for one in declared if one.name == port)
    number = numbers.port(port) or next(named, None)
    if number is None:
        raise BadRequest(f'a port is 1 to {numbers.PORT_MOST}, or the name of a port of the pod, not "{port}"')
    return number
