"""`peapod label`: set and remove labels of objects."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import Any, NamedTuple

from peapod.common.errors import Invalid, NotFound, NotReady, PeapodError, TooLate, Unavailable
from peapod.common.kinds import EVENT, Kind
from peapod_cli import kinds
from peapod_cli.calls import Calls, Connection
from peapod_cli.conflicts import until_stored
from peapod_cli.console import Console
from peapod_cli.get import printer_of, show
from peapod_cli.kinds import Target
from peapod_cli.label_changes import Changes, read_changes, split


class Chosen(NamedTuple):
    """An object to label, as it was read."""

    kind: Kind
    item: Any


def run(arguments: Namespace, console: Console) -> None:
    """Label the objects that are named or selected, and show them. All labels are judged, and all objects read, before
    the first is changed.
    """
    named, changing = split(arguments.words)
    changes, problems = read_changes(changing)
    for problem in problems:
        console.error(problem)
    if problems:
        return
    targets, printer = kinds.selected(named, arguments), printer_of(arguments, console)
    if any(target.kind is EVENT for target in targets):
        raise Invalid("events cannot be labelled")
    with Connection(arguments.server) as connection:
        chosen = _choose(targets, arguments, connection, console)
        if arguments.resource_version and len(chosen) > 1:
            raise Invalid("--resource-version is of one object; name one")
        for kind, item in chosen:
            for problem in changes.refusals(item.metadata.labels, overwrite=arguments.overwrite):
                console.error(f"{kinds.word(kind)}/{item.metadata.name}: {problem}")
        if console.status:
            return
        labelled = _label_each(chosen, changes, arguments, connection, console)
    if labelled:
        show(labelled, printer, alone=len(chosen) == 1)


def _choose(targets: Sequence[Target], arguments: Namespace, connection: Connection, console: Console) -> list[Chosen]:
    chosen = []
    for kind, names in targets:
        calls = connection.of(kind)
        if not names:
            chosen += [Chosen(kind, item) for item in calls.list(arguments.namespace, arguments.selector).items]
        for name in names:
            try:
                chosen.append(Chosen(kind, calls.get(arguments.namespace, name)))
            except NotFound as error:
                console.error(error.message)
    if not chosen and not console.status:
        console.note("No resources found")
    return chosen


def _label_each(
    chosen: Sequence[Chosen], changes: Changes, arguments: Namespace, connection: Connection, console: Console
) -> list[tuple[Kind, list[Any]]]:
    labelled = []
    for kind, item in chosen:
        try:
            labelled.append((kind, [_label(connection.of(kind), item, changes, arguments)]))
        except (Unavailable, TooLate):
            raise
        except PeapodError as error:
            console.error(error.message)
    return labelled


def _label(calls: Calls, item: Any, changes: Changes, arguments: Namespace) -> Any:
    """Change one object, anew when others were faster, unless it was to be at a certain version."""
    if arguments.resource_version:
        item.metadata.resource_version = arguments.resource_version
        return _update(calls, item, changes)

    def change() -> Any:
        now = calls.get(arguments.namespace, item.metadata.name)
        if refusals := changes.refusals(now.metadata.labels, overwrite=arguments.overwrite):
            raise NotReady(f"{kinds.word(calls.kind)}/{item.metadata.name}: {refusals[0]}")
        return _update(calls, now, changes)

    return until_stored(change)


def _update(calls: Calls, item: Any, changes: Changes) -> Any:
    wanted = changes.applied(item.metadata.labels)
    item.metadata.labels.clear()
    item.metadata.labels.update(wanted)
    return calls.update(item)
