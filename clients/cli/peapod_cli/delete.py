"""`peapod delete`: remove what files declare, what is named, or what a selector picks."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from peapod.common.errors import NotFound
from peapod_cli import kinds
from peapod_cli.calls import Connection
from peapod_cli.console import Console
from peapod_cli.kinds import Target


def run(arguments: Namespace, console: Console) -> None:
    """Delete, and print `type/name` for each."""
    targets = kinds.selected(arguments.words, arguments) if arguments.words or not arguments.filename else []
    with Connection(arguments.server) as connection:
        if arguments.filename:
            _delete_declared(arguments, connection, console)
        if targets and not targets[0].names:
            _delete_selected(targets, arguments, connection, console)
        elif targets:
            _delete_named(targets, arguments, connection, console)


def _delete_named(targets: Sequence[Target], arguments: Namespace, connection: Connection, console: Console) -> None:
    for kind, names in targets:
        for name in names:
            try:
                connection.of(kind).delete(arguments.namespace, name)
            except NotFound as error:
                console.error(error.message)
            else:
                console.line(f"{kinds.word(kind)}/{name}")


def _delete_selected(targets: Sequence[Target], arguments: Namespace, connection: Connection, console: Console) -> None:
    found = [
        Target(kind, tuple(item.metadata.name for item in calls.list(arguments.namespace, arguments.selector).items))
        for kind, calls in ((target.kind, connection.of(target.kind)) for target in targets)
    ]
    if not any(target.names for target in found):
        console.note("No resources found")
    _delete_named(found, arguments, connection, console)


def _delete_declared(arguments: Namespace, connection: Connection, console: Console) -> None:
    """Delete what files declare; what is not there any more counts as deleted."""
    from peapod_cli import objects

    for declared in objects.of_files(arguments.filename, console, arguments.scope, strict=False):
        for item in declared:
            kind, metadata = item.kind, item.message.metadata
            try:
                connection.of(kind).delete(metadata.namespace, metadata.name)
            except NotFound:
                console.note(f'{item.place}: {kind.title} "{metadata.name}" is not there')
            else:
                console.line(f"{kinds.word(kind)}/{metadata.name}")
