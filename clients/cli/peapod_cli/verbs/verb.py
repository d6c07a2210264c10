"""What a command for people is: its name, what it can be told, and how it is used."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from peapod.common.kinds import Kind

Parser = argparse.ArgumentParser


@dataclass(frozen=True)
class Verb:
    """One command. The file that does it is named as it is, with _ for -."""

    name: str
    help: str
    add_flags: Callable[[Parser], None]
    examples: Sequence[str]
    aliases: Sequence[str] = ()
    usage: str = ""
    """How it is written, where the parser would not say it well."""
    more: str = ""
    """What else there is to know."""
    asks_server: bool = True
    types: Sequence[Kind] = ()
    """The kinds whose words may come first; names of objects follow."""
    names_of: Kind | None = None
    """The kind whose name comes first, where no kind is said."""

    @property
    def module(self) -> str:
        """The name of that file."""
        return self.name.replace("-", "_")
