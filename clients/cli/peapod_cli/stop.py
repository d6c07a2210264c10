"""`peapod stop`: end what runs, then delete it; a replication controller has no pods left when it goes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import NamedTuple

from peapod.common.errors import Invalid, NotFound, PeapodError, Unavailable
from peapod.common.kinds import POD, REPLICATION_CONTROLLER, SERVICE, Kind
from peapod_cli import kinds, objects, replicas
from peapod_cli.calls import Calls, Connection
from peapod_cli.conflicts import until_stored
from peapod_cli.console import Console

STOPPABLE = (POD, REPLICATION_CONTROLLER, SERVICE)


class _Named(NamedTuple):
    kind: Kind
    namespace: str
    name: str


def run(arguments: Namespace, console: Console) -> None:
    """Stop the objects that are declared, named or selected, and print `type/name` for each.

    One that cannot be stopped is told of, and the others go on.
    """
    with Connection(arguments.server) as connection:
        chosen = list(_declared(arguments, console)) if arguments.filename else list(_named(arguments, connection))
        if wrong := dict.fromkeys(kinds.word(one.kind) for one in chosen if one.kind not in STOPPABLE):
            raise Invalid(f"{', '.join(wrong)} cannot be stopped; peapod delete removes them")
        if not chosen and not console.status:
            console.note("No resources found")
        for one in chosen:
            _stop(one, connection.of(one.kind), arguments.timeout, console)


def _declared(arguments: Namespace, console: Console) -> Iterator[_Named]:
    if arguments.words:
        raise Invalid("say what to stop by -f FILE or by TYPE NAME, not both")
    for declared in objects.of_files(arguments.filename, console, arguments.scope, strict=False):
        for item in declared:
            yield _Named(item.kind, item.message.metadata.namespace, item.message.metadata.name)


def _named(arguments: Namespace, connection: Connection) -> Iterator[_Named]:
    for kind, names in kinds.selected(arguments.words, arguments):
        listed = [] if names else connection.of(kind).list(arguments.namespace, arguments.selector).items
        for name in names or [item.metadata.name for item in listed]:
            yield _Named(kind, arguments.namespace, name)


def _stop(one: _Named, calls: Calls, seconds: float, console: Console) -> None:
    try:
        if one.kind is REPLICATION_CONTROLLER:
            until_stored(lambda: _empty_and_delete(one, calls, seconds))
        else:
            calls.delete(one.namespace, one.name)
    except Unavailable:
        raise
    except NotFound as error:
        console.error(error.message)
    except PeapodError as error:
        console.error(f"{kinds.word(one.kind)}/{one.name}: {error.message}; run the command again to go on")
    else:
        console.line(f"{kinds.word(one.kind)}/{one.name}")


def _empty_and_delete(one: _Named, calls: Calls, seconds: float) -> None:
    """Delete a controller only in the state in which it was seen without pods: nobody has resized it since."""
    empty = replicas.settle(calls, replicas.resize(calls, one.namespace, one.name, 0), seconds)
    metadata = empty.metadata
    calls.delete(one.namespace, one.name, uid=metadata.uid, resource_version=metadata.resource_version)
