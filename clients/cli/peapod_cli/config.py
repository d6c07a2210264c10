"""`peapod config`: which clusters there are, and which of them commands are for."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from peapod.common.errors import Invalid
from peapod_cli import settings, settings_files
from peapod_cli.console import Console
from peapod_cli.settings import CURRENT, Document


def run(arguments: Namespace, console: Console) -> None:
    """Show the settings, or change one file of them. Nothing is asked of a server."""
    if arguments.action == "view":
        _view(arguments, console)
        return
    file = _chosen(arguments) or settings_files.writable()
    settings_files.write(file, _CHANGES[arguments.action](settings_files.read(file), arguments))


def _view(arguments: Namespace, console: Console) -> None:
    chosen = _chosen(arguments)
    document = settings_files.load([chosen] if chosen else settings_files.readable())
    if arguments.output == "json":
        console.line(json.dumps(document, indent=4, ensure_ascii=False))
        return
    from peapod_cli.yaml_form import dump

    console.line(dump(document).rstrip("\n"))


def _chosen(arguments: Namespace) -> Path | None:
    if arguments.envvar:
        named = settings_files.named()
        if named is None:
            raise Invalid(f"--envvar is the file that {settings_files.VARIABLE} names, which is not set")
        return named
    if arguments.local:
        return settings_files.local()
    return settings_files.home() if arguments.globally else None


def _set(document: Document, arguments: Namespace) -> Document:
    return settings.with_property(document, arguments.property, arguments.value)


def _unset(document: Document, arguments: Namespace) -> Document:
    return settings.without_property(document, arguments.property)


def _set_cluster(document: Document, arguments: Namespace) -> Document:
    return _with_fields(document, "clusters", arguments)


def _set_context(document: Document, arguments: Namespace) -> Document:
    return _with_fields(document, "contexts", arguments)


def _with_fields(document: Document, section: str, arguments: Namespace) -> Document:
    given = {field: getattr(arguments, field) for field in settings.FIELDS[section]}
    given = {field: value for field, value in given.items() if value}
    if not given:
        flags = " or ".join(f"--{field}" for field in settings.FIELDS[section])
        raise Invalid(f"say what to set of it: {flags}")
    return settings.with_entry(document, section, arguments.name, given)


def _use_context(document: Document, arguments: Namespace) -> Document:
    known = settings_files.load(settings_files.readable()).get("contexts", {}) | document.get("contexts", {})
    if arguments.name not in known:
        there = f"there are {', '.join(known)}" if known else "there is none"
        raise Invalid(f'there is no context "{arguments.name}"; {there}')
    return document | {CURRENT: arguments.name}


def _set_credentials(document: Document, arguments: Namespace) -> Document:
    raise Invalid("no server asks for credentials, so none are kept; set-cluster and set-context are all it takes")


_CHANGES: dict[str, Callable[[Document, Namespace], Document]] = {
    "set": _set,
    "unset": _unset,
    "set-cluster": _set_cluster,
    "set-context": _set_context,
    "set-credentials": _set_credentials,
    "use-context": _use_context,
}
