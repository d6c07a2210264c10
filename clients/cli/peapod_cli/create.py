"""`peapod create`: store what files declare."""

from __future__ import annotations

from argparse import Namespace

from peapod.common.errors import Invalid, PeapodError, TooLate, Unavailable, Unsupported
from peapod_cli import objects
from peapod_cli.calls import Connection
from peapod_cli.console import Console
from peapod_cli.objects import Declared


def run(arguments: Namespace, console: Console) -> None:
    """Create the objects of each file and print their names.

    Of a file in which anything is wrong nothing is created; other files go on.
    """
    with Connection(arguments.server) as connection:
        scope, strict = arguments.scope, arguments.validate
        for declared in objects.of_files(arguments.filename, console, scope, strict=strict):
            if _accepted(declared, connection, console):
                _create(declared, connection, console)


def _accepted(declared: list[Declared], connection: Connection, console: Console) -> bool:
    """Ask the server of every object before the first is stored; one alone is checked when it is."""
    if len(declared) == 1:
        return True
    refused = False
    for item in declared:
        try:
            connection.of(item.kind).create(item.message, validate_only=True)
        except (Invalid, Unsupported) as error:
            item.complain(error, console)
            refused = True
    return not refused


def _create(declared: list[Declared], connection: Connection, console: Console) -> None:
    for item in declared:
        try:
            stored = connection.of(item.kind).create(item.message)
        except (Unavailable, TooLate):
            raise
        except PeapodError as error:
            item.complain(error, console)
        else:
            console.line(stored.metadata.name)
