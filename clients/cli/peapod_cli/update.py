"""`peapod update`: replace objects by what files declare."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from peapod.common.errors import Invalid, PeapodError, TooLate, Unavailable
from peapod.common.kinds import EVENT, POD, REPLICATION_CONTROLLER
from peapod_cli import objects, patch
from peapod_cli.calls import Connection
from peapod_cli.conflicts import until_stored
from peapod_cli.console import Console
from peapod_cli.kinds import word
from peapod_cli.objects import Declared


def run(arguments: Namespace, console: Console) -> None:
    """Replace the objects of each file and print `type/name` for each.

    An object that names a resource version is replaced only if it is still at that one; else whatever is there is. Of
    a file that cannot be read as a whole nothing is replaced; other files go on. With --patch see `peapod_cli.patch`.
    """
    if bool(arguments.filename) == bool(arguments.patch) or bool(arguments.words) != bool(arguments.patch):
        raise Invalid("say what to update: -f FILE, or TYPE NAME --patch JSON")
    if arguments.patch:
        patch.run(arguments, console)
        return
    with Connection(arguments.server) as connection:
        scope, strict = arguments.scope, arguments.validate
        for declared in objects.of_files(arguments.filename, console, scope, strict=strict):
            for item in declared:
                _replace(item, connection, console)


def _replace(item: Declared, connection: Connection, console: Console) -> None:
    try:
        stored = _update(item, connection)
    except (Unavailable, TooLate):
        raise
    except PeapodError as error:
        item.complain(error, console)
    else:
        console.line(f"{word(item.kind)}/{stored.metadata.name}")


def _update(item: Declared, connection: Connection) -> Any:
    if item.kind is EVENT:
        raise Invalid("events cannot be updated")
    calls, metadata = connection.of(item.kind), item.message.metadata

    def change() -> Any:
        message = type(item.message)()
        message.CopyFrom(item.message)
        _fill_in(item, message, calls.get(metadata.namespace, metadata.name))
        return calls.update(message)

    return until_stored(change, once=bool(metadata.resource_version))


def _fill_in(item: Declared, message: Any, current: Any) -> None:
    """Add what a file need not say of an object that is there: its version, and where a pod was placed. How many pods
    there are is not a file's to say.
    """
    if not message.metadata.resource_version:
        message.metadata.resource_version = current.metadata.resource_version
    if item.kind is POD and not message.spec.node_name:
        message.spec.node_name = current.spec.node_name
    if item.kind is REPLICATION_CONTROLLER:
        message.ClearField("status")
