"""`peapod expose`: a service for the pods of a replication controller, or of another service."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING

from peapod.common.errors import Invalid
from peapod.common.kinds import REPLICATION_CONTROLLER, SERVICE
from peapod_cli import flag_values, kinds, making
from peapod_cli.calls import Connection
from peapod_cli.console import Console
from peapod_cli.kinds import Target

if TYPE_CHECKING:
    from peapod.v1.service_pb2 import Service

USAGE = "peapod expose rc NAME --port=PORT"


def run(arguments: Namespace, console: Console) -> None:
    """Make a service that picks the same pods, and show it."""
    target = kinds.one(arguments.words, USAGE, REPLICATION_CONTROLLER, SERVICE)
    if arguments.selector:
        selector = flag_values.read_pairs(arguments.selector, "--selector")
    else:
        selector = _selector_of(target, arguments)
    making.make(_service(arguments.service_name or target.names[0], selector, arguments), arguments, console)


def _selector_of(target: Target, arguments: Namespace) -> Mapping[str, str]:
    with Connection(arguments.server) as connection:
        found = connection.of(target.kind).get(arguments.namespace, target.names[0])
    if not found.spec.selector:
        raise Invalid(f"{kinds.word(target.kind)}/{target.names[0]} picks no pods itself; give --selector")
    selector: Mapping[str, str] = found.spec.selector
    return selector


def _service(name: str, selector: Mapping[str, str], arguments: Namespace) -> Service:
    from peapod.v1 import pod_pb2, service_pb2

    service = service_pb2.Service()
    service.metadata.name, service.metadata.namespace = name, arguments.namespace
    if arguments.labels:
        service.metadata.labels.update(flag_values.read_pairs(arguments.labels, "--labels"))
    port = service.spec.ports.add(
        port=arguments.port, protocol=pod_pb2.Protocol.Value(f"PROTOCOL_{arguments.protocol}")
    )
    target = arguments.target_port or str(arguments.port)
    if target.isdecimal():
        port.target_port.number = int(target)
    else:
        port.target_port.text = target
    service.spec.selector.update(selector)
    service.spec.external_ips.extend([arguments.public_ip] if arguments.public_ip else [])
    return service
