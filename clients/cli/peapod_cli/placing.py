"""Whether pods may be placed on a node, as its operator wants it."""

from __future__ import annotations

from argparse import Namespace

from peapod.common.errors import Invalid, PeapodError, TooLate, Unavailable
from peapod.common.kinds import NODE
from peapod_cli import kinds
from peapod_cli.calls import Calls, Connection
from peapod_cli.conflicts import until_stored
from peapod_cli.console import Console


def run(arguments: Namespace, console: Console, *, allowed: bool) -> None:
    """Allow or forbid it for all nodes that are named."""
    names = [kinds.one_node(text) for text in arguments.words]
    if not names:
        raise Invalid(f"name a node: peapod {arguments.command} NODE")
    with Connection(arguments.server) as connection:
        for name in names:
            try:
                allow(connection.of(NODE), name, console, allowed=allowed)
            except (Unavailable, TooLate):
                raise
            except PeapodError as error:
                console.error(error.message)


def allow(calls: Calls, name: str, console: Console, *, allowed: bool) -> None:
    """Allow or forbid it for one node, and say so. Idempotent; raises `NotFound`."""

    def change() -> None:
        node = calls.get("", name)
        if node.spec.unschedulable == allowed:
            node.spec.unschedulable = not allowed
            calls.update(node)

    until_stored(change)
    console.line(f"{kinds.word(NODE)}/{name} {'uncordoned' if allowed else 'cordoned'}")
