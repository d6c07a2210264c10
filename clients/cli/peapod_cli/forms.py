"""The forms in which documents are written: JSON, YAML, and what a template makes of them."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peapod.common.errors import Invalid
from peapod_cli.console import Console

if TYPE_CHECKING:
    from peapod.codec.version import Version

Write = Callable[[dict[str, Any]], None]


def writer(arguments: Namespace, console: Console) -> Write | None:
    """Make what writes documents as --output says; None where it asks for a table.

    Raises `Invalid` for a template that cannot be read.
    """
    output, given = arguments.output, arguments.template
    if given and output not in ("template", "templatefile"):
        raise Invalid("-t goes with -o template or -o templatefile")
    if output in ("template", "templatefile"):
        return _filler(output, given, console)
    if output == "json":
        return lambda document: console.line(json.dumps(document, indent=4, ensure_ascii=False))
    return YamlWriter(console) if output == "yaml" else None


def version(arguments: Namespace) -> Version:
    """Find the version that documents are written in; raises `Invalid` for one that does not exist."""
    from peapod.codec.versions import V1BETA1, VERSIONS

    name = arguments.output_version or arguments.api_version or V1BETA1.name
    if name not in VERSIONS:
        raise Invalid(f'there is no version "{name}"; there are {", ".join(VERSIONS)}')
    return VERSIONS[name]


class YamlWriter:
    """Writes documents one behind the other, separated."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._separate = False

    def __call__(self, document: dict[str, Any]) -> None:
        """Write one."""
        from peapod_cli.yaml_form import dump

        if self._separate:
            self._console.line("---")
        self._separate = True
        self._console.line(dump(document).rstrip("\n"))


def _filler(output: str, given: str, console: Console) -> Write:
    from peapod_cli.templates.template import Template

    if not given:
        raise Invalid(f"-o {output} needs -t {'TEMPLATE' if output == 'template' else 'FILE'}")
    template = Template(given, "-t") if output == "template" else Template(_text(given), given)
    return lambda document: console.raw(template.render(document).encode("utf-8", "backslashreplace"))


def _text(file: str) -> str:
    try:
        return Path(file).read_text("utf-8")
    except OSError as error:
        raise Invalid(f"{file}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError as error:
        raise Invalid(f"{file}: byte {error.start} is not UTF-8 text") from None
