"""Objects that commands make out of their flags."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from peapod.common.errors import PeapodError, TooLate, Unavailable
from peapod.common.kinds import of_message
from peapod_cli import flag_values, objects
from peapod_cli.calls import Connection
from peapod_cli.console import Console
from peapod_cli.get import printer_of, show
from peapod_cli.objects import Declared
from peapod_cli.settings import Scope
from peapod_cli.sources import Source

OVERRIDES = "--overrides"


def make(message: Any, arguments: Namespace, console: Console) -> None:
    """Store an object, and show it; with --dry-run only what would be stored is shown.

    What the server refuses is said by the fields' names in v1beta1.
    """
    printer = printer_of(arguments, console)
    made = _overridden(message, arguments, console)
    if made is None:
        return
    with Connection(arguments.server) as connection:
        try:
            stored = connection.of(made.kind).create(made.message, validate_only=arguments.dry_run)
        except (Unavailable, TooLate):
            raise
        except PeapodError as error:
            made.complain(error, console)
        else:
            show([(made.kind, [stored])], printer, alone=True)


def _overridden(message: Any, arguments: Namespace, console: Console) -> Declared | None:
    from peapod.codec.patch import merged
    from peapod.codec.versions import V1BETA1

    if not getattr(arguments, "overrides", ""):
        return Declared(of_message(message), message, arguments.command, "", V1BETA1)
    patch = flag_values.read_object(arguments.overrides, OVERRIDES)
    document = merged(V1BETA1.encode(message), patch)
    found = objects.declared(Source(OVERRIDES, [document]), console, Scope("", arguments.namespace))
    return found[0] if found else None
