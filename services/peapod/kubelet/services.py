"""What containers are told about services: variables, as links between Docker's containers were told."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from peapod.common.informer import Informer
from peapod.kubelet.sources.source import API
from peapod.rules.addresses import read_address
from peapod.v1 import pod_pb2
from peapod.v1.service_pb2 import Service, ServicePort

logger = logging.getLogger(__name__)

SNAPSHOT_SECONDS = 5.0
"""How long the start of a container waits until services are known."""

MASTER_NAMESPACE = "default"
MASTER_SERVICES = frozenset(("kubernetes", "kubernetes-ro"))
"""Services of the master's namespace of which all pods are told."""


class Services:
    """Tells each container of the services that there are when it starts. The informer's owner runs it.

    Static pods have to start while the apiserver is away: they wait only in the first seconds of a kubelet.
    """

    def __init__(self, informer: Informer[Service], clock: Callable[[], float] = time.monotonic) -> None:
        self._informer = informer
        self._clock = clock
        self._static_until = clock() + SNAPSHOT_SECONDS

    async def variables(self, namespace: str, source: str) -> dict[str, str]:
        """Make the variables for a container of a pod of that namespace, from that source of pods.

        There are none when the services are not known in time.
        """
        if not self._informer.revision:
            await self._wait(SNAPSHOT_SECONDS if source == API else self._static_until - self._clock())
        return variables(visible(namespace, self._informer.objects.values()))

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._informer.synced()
        except TimeoutError:
            logger.warning("the services are not known yet: a container starts without their variables")


def visible(namespace: str, services: Iterable[Service]) -> list[Service]:
    """Pick the services that pods of a namespace are told of, in the order of their names.

    The master's are among them, unless the namespace has others of these names.
    """
    found: dict[str, Service] = {}
    for service in services:
        metadata = service.metadata
        if metadata.namespace == namespace:
            found[metadata.name] = service
        elif metadata.namespace == MASTER_NAMESPACE and metadata.name in MASTER_SERVICES:
            found.setdefault(metadata.name, service)
    return [found[name] for name in sorted(found)]


def variables(services: Iterable[Service]) -> dict[str, str]:
    """Say where services are, each that has a portal IP."""
    return dict(pair for service in services for pair in _of(service))


def with_variables(container: pod_pb2.Container, variables: Mapping[str, str]) -> pod_pb2.Container:
    """Add variables to a container, but for those that it sets itself; the container that is given stays as it is."""
    own = {variable.name for variable in container.env}
    added = [pod_pb2.EnvVar(name=name, value=value) for name, value in variables.items() if name not in own]
    told = pod_pb2.Container()
    told.CopyFrom(container)
    del told.env[:]
    # The container's own stand last, as whoever reads them in order would expect of what wins.
    told.env.extend([*added, *container.env])
    return told


def _of(service: Service) -> Iterator[tuple[str, str]]:
    address = read_address(service.spec.cluster_ip)
    if address is None or not service.spec.ports:
        return
    host = str(address)
    name = service.metadata.name.upper().replace("-", "_")
    first = service.spec.ports[0]
    yield f"{name}_SERVICE_HOST", host
    yield f"{name}_SERVICE_PORT", str(first.port)
    yield f"{name}_PORT", _url(host, first)
    for port in service.spec.ports:
        link = f"{name}_PORT_{port.port}_{_protocol(port).upper()}"
        yield link, _url(host, port)
        yield f"{link}_PROTO", _protocol(port)
        yield f"{link}_PORT", str(port.port)
        yield f"{link}_ADDR", host


def _url(host: str, port: ServicePort) -> str:
    bracketed = f"[{host}]" if ":" in host else host
    return f"{_protocol(port)}://{bracketed}:{port.port}"


def _protocol(port: ServicePort) -> str:
    return "udp" if port.protocol == pod_pb2.PROTOCOL_UDP else "tcp"
