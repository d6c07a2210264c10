"""What a command for people is: its name, what it can be told, and how it is used."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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

    @property
    def module(self) -> str:
        """The name of that file."""
        return self.name.replace("-", "_")
