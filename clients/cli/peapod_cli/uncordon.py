"""`peapod uncordon`: let pods be placed on nodes again."""

from __future__ import annotations

from argparse import Namespace

from peapod_cli import placing
from peapod_cli.console import Console


def run(arguments: Namespace, console: Console) -> None:
    """Open the nodes, and say so of each; one that cannot be opened is told of, and the others go on."""
    placing.run(arguments, console, allowed=True)
