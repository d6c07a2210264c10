"""Picks the engine by its URL, and imports only that one."""

from __future__ import annotations

from pathlib import Path

from peapod.apiserver.storage.store import Store
from peapod.common.errors import Invalid

SQLITE = "sqlite:///"


def open_store(url: str) -> Store:
    """Open the store at `sqlite:///path`, where `sqlite:////path` is an absolute one.

    Raises `Invalid` for any other URL or a file that is no store, and `Unavailable` when the file is in use.
    """
    if url.startswith(SQLITE) and url != SQLITE:
        from peapod.apiserver.storage.sqlite import SqliteStore

        return SqliteStore(Path(url.removeprefix(SQLITE)))
    raise Invalid(f'"{url}" is no store: it is sqlite:///PATH')
