"""`peapod namespace`: what is left of a command of 2014."""

from __future__ import annotations

from argparse import Namespace

from peapod.common.errors import Invalid
from peapod_cli.console import Console


def run(arguments: Namespace, console: Console) -> None:
    """Say what took its place; always an error."""
    raise Invalid(
        "namespace has been superseded by the namespace of a context: "
        "peapod config set-context NAME --namespace=NAMESPACE, then peapod config use-context NAME"
    )
