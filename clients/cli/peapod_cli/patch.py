"""`peapod update --patch`: change parts of one object, by a document that has only these."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from peapod.codec.patch import merged
from peapod.codec.versions import V1BETA1
from peapod.common.errors import Invalid
from peapod.common.kinds import EVENT, of_message
from peapod_cli import flag_values, kinds, objects
from peapod_cli.calls import Connection
from peapod_cli.conflicts import until_stored
from peapod_cli.console import Console
from peapod_cli.kinds import Target
from peapod_cli.objects import Declared
from peapod_cli.settings import Scope
from peapod_cli.sources import Source

PLACE = "--patch"


def run(arguments: Namespace, console: Console) -> None:
    """Merge the patch into the object as v1beta1 writes it, store that, and print the object's name.

    A patch that names a resource version is for an object that is still at that one.
    """
    target, patch = _target(arguments), flag_values.read_object(arguments.patch, PLACE)
    with Connection(arguments.server) as connection:
        until_stored(lambda: _change(target, patch, arguments, connection, console), once="resourceVersion" in patch)


def _target(arguments: Namespace) -> Target:
    targets = kinds.targets(arguments.words)
    if len(targets) != 1 or len(targets[0].names) != 1 or targets[0].kind is EVENT:
        raise Invalid("--patch changes one object: peapod update TYPE NAME --patch JSON")
    return targets[0]


def _change(
    target: Target, patch: dict[str, Any], arguments: Namespace, connection: Connection, console: Console
) -> None:
    calls = connection.of(target.kind)
    current = calls.get(arguments.namespace, target.names[0])
    source = Source(PLACE, [merged(V1BETA1.encode(current), patch)])
    for item in objects.declared(source, console, Scope("", arguments.namespace), strict=arguments.validate) or ():
        _store(item, current, connection, console)


def _store(item: Declared, current: Any, connection: Connection, console: Console) -> None:
    ours, theirs = item.message.metadata, current.metadata
    if (item.kind, ours.namespace, ours.name) != (of_message(current), theirs.namespace, theirs.name):
        raise Invalid("--patch may not change what an object is called")
    try:
        stored = connection.of(item.kind).update(item.message)
    except Invalid as refused:
        item.complain(refused, console)
    else:
        console.line(stored.metadata.name)
