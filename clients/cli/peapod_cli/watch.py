"""`peapod get --watch`: what there is, then every change, across lost connections."""

from __future__ import annotations

from peapod_cli.calls import Connection
from peapod_cli.following import follow as changes_of
from peapod_cli.kinds import Target
from peapod_cli.printers import Printer


def follow(
    connection: Connection,
    target: Target,
    namespace: str,
    selector: str,
    printer: Printer,
    *,
    only_changes: bool = False,
) -> None:
    """Show the objects, unless only changes are wanted, and then each change, forever.

    Raises `NotFound` for a name that is not there, and `Unavailable` when the server stays away.
    """
    calls = connection.of(target.kind)
    fields = f"metadata.name={target.names[0]}" if target.names else ""
    for name in target.names:
        calls.get(namespace, name)
    for seen in changes_of(calls, namespace, selector, fields):
        if seen.changed:
            printer.show_change(target.kind, seen.items[0], gone=seen.gone)
        elif not only_changes:
            printer.show(target.kind, seen.items)
