"""`peapod resize`: ask a replication controller for another number of pods."""

from __future__ import annotations

from argparse import Namespace

from peapod.common.kinds import REPLICATION_CONTROLLER
from peapod_cli import kinds, replicas
from peapod_cli.calls import Connection
from peapod_cli.console import Console


def run(arguments: Namespace, console: Console) -> None:
    """Change the number, and say so; not if the controller is not as the flags say that it must be."""
    _, [name] = kinds.one(arguments.words, "peapod resize --replicas=NUMBER rc NAME", REPLICATION_CONTROLLER)
    with Connection(arguments.server) as connection:
        replicas.resize(
            connection.of(REPLICATION_CONTROLLER),
            arguments.namespace,
            name,
            arguments.replicas,
            current=arguments.current_replicas,
            resource_version=arguments.resource_version,
        )
    console.line("resized")
