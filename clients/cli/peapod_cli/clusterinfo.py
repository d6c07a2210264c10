"""`peapod clusterinfo`: where the cluster is, and where its own services are."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING
from urllib.parse import quote

from peapod.common.kinds import SERVICE
from peapod_cli import gateway, settings_files
from peapod_cli.calls import Connection
from peapod_cli.console import Console

if TYPE_CHECKING:
    from peapod.v1.service_pb2 import Service

OWN = "kubernetes.io/cluster-service=true"
"""The selector of the services that belong to the cluster itself."""

NAME = "kubernetes.io/name"
"""The label that tells what such a service is called."""

_GREEN, _YELLOW, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[0m"


def run(arguments: Namespace, console: Console) -> None:
    """Print a line for the server that was asked, and one for each of the cluster's services."""
    url = gateway.checked(settings_files.gateway(arguments.gateway))
    with Connection(arguments.server) as connection:
        services = connection.of(SERVICE).list(arguments.namespace, OWN).items
    colours = sys.stdout.isatty()
    console.line(line("Kubernetes master", arguments.server, colours=colours))
    for service in services:
        name = service.metadata.labels.get(NAME) or service.metadata.name
        console.line(line(name, address(service, url), colours=colours))


def line(name: str, where: str, *, colours: bool) -> str:
    """Say where something is, in colours or without."""
    if not colours:
        return f"{name} is running at {where}"
    return f"{_GREEN}{name}{_PLAIN} is running at {_YELLOW}{where}{_PLAIN}"


def address(service: Service, url: str) -> str:
    """Say where a service is reached from outside: at its first public address, else through the gateway."""
    if service.spec.external_ips:
        ip = service.spec.external_ips[0]
        return f"http://{f'[{ip}]' if ':' in ip else ip}:{service.spec.ports[0].port}"
    metadata = service.metadata
    return f"{url}/api/v1beta1/proxy/services/{quote(metadata.name)}/?namespace={quote(metadata.namespace)}"
