"""`peapod get`: objects as a table or as documents."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from peapod.common.errors import Invalid, NotFound
from peapod.common.kinds import EVENT, Kind
from peapod_cli import kinds, watch
from peapod_cli.calls import Calls, Connection
from peapod_cli.columns import by_last_time
from peapod_cli.console import Console
from peapod_cli.kinds import Target
from peapod_cli.printers import DocumentPrinter, TablePrinter

DOCUMENTS = ("json", "yaml")


def run(arguments: Namespace, console: Console) -> None:
    """Show the objects that are named, or all of the types; with --watch go on until interrupted."""
    targets = kinds.targets(arguments.words)
    if arguments.watch and (len(targets) > 1 or len(targets[0].names) > 1):
        raise Invalid("--watch follows the objects of one type, or a single one")
    if arguments.selector and any(target.names for target in targets):
        raise Invalid("-l picks among all objects of a type; give it or names, not both")
    with Connection(arguments.server) as connection:
        if arguments.watch:
            printer = _documents(arguments, console) or _table(arguments, console)
            watch.follow(connection, targets[0], arguments.namespace, arguments.selector, printer)
            return
        found = [(target.kind, _fetch(connection.of(target.kind), target, arguments, console)) for target in targets]
        alone = len(targets) == 1 and len(targets[0].names) == 1
        show(found, alone, arguments, console)


def _fetch(calls: Calls, target: Target, arguments: Namespace, console: Console) -> list[Any]:
    if not target.names:
        items = list(calls.list(arguments.namespace, arguments.selector).items)
        return sorted(items, key=by_last_time) if target.kind is EVENT else items
    found = []
    for name in target.names:
        try:
            found.append(calls.get(arguments.namespace, name))
        except NotFound as error:
            console.error(error.message)
    return found


def show(found: Sequence[tuple[Kind, list[Any]]], alone: bool, arguments: Namespace, console: Console) -> None:
    """Show objects as --output and --no-headers say; one that was asked for `alone` is no list."""
    if alone and not found[0][1]:
        return
    documents = _documents(arguments, console)
    if documents and alone:
        documents.show(*found[0])
    elif documents:
        documents.show_list([item for _, items in found for item in items])
    else:
        table = _table(arguments, console)
        for kind in dict.fromkeys(kind for kind, _ in found):
            table.show(kind, [item for other, items in found if other is kind for item in items])


def _documents(arguments: Namespace, console: Console) -> DocumentPrinter | None:
    return DocumentPrinter(console, arguments.output) if arguments.output in DOCUMENTS else None


def _table(arguments: Namespace, console: Console) -> TablePrinter:
    return TablePrinter(console, wide=arguments.output == "wide", heads=not arguments.no_headers)
