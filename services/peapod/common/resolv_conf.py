"""Where a machine resolves names, as its resolv.conf says."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Resolver(NamedTuple):
    """What a resolv.conf says."""

    servers: tuple[str, ...]
    searches: tuple[str, ...]


def read(path: Path) -> Resolver:
    """Read the file; a machine without one has no servers of its own."""
    try:
        return parse(path.read_text(errors="replace"))
    except OSError:
        return Resolver((), ())


def parse(text: str) -> Resolver:
    """Read a resolv.conf; of several `search` and `domain` lines the last counts, as resolv.conf(5) says."""
    servers: list[str] = []
    searches: list[str] = []
    for line in text.splitlines():
        match line.split():
            case ["nameserver", server, *_]:
                servers.append(server)
            case ["search" | "domain", *found]:
                searches = found
    return Resolver(tuple(servers), tuple(searches))
