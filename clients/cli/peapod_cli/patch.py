"""`peapod update --patch`: change parts of one object, by a document that has only these."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from peapod.codec.versions import V1BETA1
from peapod.common.errors import Conflict, Invalid
from peapod.common.kinds import EVENT, of_message
from peapod_cli import kinds, objects
from peapod_cli.calls import Connection
from peapod_cli.console import Console
from peapod_cli.kinds import Target
from peapod_cli.objects import Declared
from peapod_cli.settings import Scope
from peapod_cli.sources import Source

PLACE = "--patch"
TRIES = 20
"""How often a change is tried anew on an object that others keep changing."""


def run(arguments: Namespace, console: Console) -> None:
    """Merge the patch into the object as v1beta1 writes it, store that, and print the object's name.

    A patch that names a resource version is for an object that is still at that one.
    """
    target, patch = _target(arguments), _read(arguments.patch)
    tries = 1 if "resourceVersion" in patch else TRIES
    with Connection(arguments.server) as connection:
        for again in reversed(range(tries)):
            try:
                _change(target, patch, arguments, connection, console)
                return
            except Conflict:
                if not again:
                    raise


def _target(arguments: Namespace) -> Target:
    targets = kinds.targets(arguments.words)
    if len(targets) != 1 or len(targets[0].names) != 1 or targets[0].kind is EVENT:
        raise Invalid("--patch changes one object: peapod update TYPE NAME --patch JSON")
    return targets[0]


def _read(text: str) -> dict[str, Any]:
    try:
        patch = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as wrong:
        raise Invalid(f"--patch is no JSON: {wrong}") from None
    if not isinstance(patch, dict):
        raise Invalid('--patch must be an object such as {"labels": {"tier": "web"}}')
    return patch


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


def merged(document: Any, patch: Any) -> Any:
    """Put a patch over a document: objects are merged, null removes a key, and anything else takes the place of what
    was there, lists as a whole. Neither of the two is changed.
    """
    if not isinstance(document, dict) or not isinstance(patch, dict):
        return patch
    kept = {key: value for key, value in document.items() if key not in patch}
    return kept | {key: merged(document.get(key), value) for key, value in patch.items() if value is not None}
