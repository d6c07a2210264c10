"""`peapod cordon`: let no more pods be placed on nodes."""

from __future__ import annotations

from argparse import Namespace

from peapod_cli import placing
from peapod_cli.console import Console


def run(arguments: Namespace, console: Console) -> None:
    """Close the nodes, and say so of each; one that cannot be closed is told of, and the others go on."""
    placing.run(arguments, console, allowed=False)
