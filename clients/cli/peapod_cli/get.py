"""`peapod get`: objects as a table or as documents."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from peapod.common.errors import Invalid, NotFound
from peapod.common.kinds import EVENT, Kind
from peapod_cli import forms, kinds, watch
from peapod_cli.calls import Calls, Connection
from peapod_cli.columns import by_last_time
from peapod_cli.console import Console
from peapod_cli.kinds import Target
from peapod_cli.printers import DocumentPrinter, TablePrinter


def run(arguments: Namespace, console: Console) -> None:
    """Show the objects that are named, or all of the types; with --watch go on until interrupted."""
    targets = kinds.targets(arguments.words)
    follows = arguments.watch or arguments.watch_only
    if follows and (len(targets) > 1 or len(targets[0].names) > 1):
        raise Invalid("--watch follows the objects of one type, or a single one")
    if arguments.selector and any(target.names for target in targets):
        raise Invalid("-l picks among all objects of a type; give it or names, not both")
    printer = printer_of(arguments, console)
    with Connection(arguments.server) as connection:
        if follows:
            place = (arguments.namespace, arguments.selector)
            watch.follow(connection, targets[0], *place, printer, only_changes=arguments.watch_only)
            return
        found = [(target.kind, _fetch(connection.of(target.kind), target, arguments, console)) for target in targets]
    show(found, printer, alone=len(targets) == 1 and len(targets[0].names) == 1)


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


def show(found: Sequence[tuple[Kind, list[Any]]], printer: DocumentPrinter | TablePrinter, *, alone: bool) -> None:
    """Show objects by kind; one that was asked for `alone` is no list."""
    if alone and not found[0][1]:
        return
    if isinstance(printer, DocumentPrinter) and not alone:
        printer.show_list([item for _, items in found for item in items])
        return
    for kind in dict.fromkeys(kind for kind, _ in found):
        printer.show(kind, [item for other, items in found if other is kind for item in items])


def printer_of(arguments: Namespace, console: Console) -> DocumentPrinter | TablePrinter:
    """Make the printer that --output and the flags around it ask for; raises `Invalid` when they do not go together."""
    write = forms.writer(arguments, console)
    if write is not None:
        return DocumentPrinter(forms.version(arguments), write)
    if arguments.output_version:
        raise Invalid("--output-version is of documents: give -o json, yaml, template or templatefile too")
    return TablePrinter(console, wide=arguments.output == "wide", heads=not arguments.no_headers)
