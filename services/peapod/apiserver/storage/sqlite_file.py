"""The SQLite file of a store: what is in it, and the few statements that it ever sees.

There is one connection, which holds the file exclusively: SQLite up to 3.51.2 can corrupt a WAL that two connections
write or checkpoint at once. Every write is one statement, so that the thread that runs it has to wait for Python's
interpreter lock only twice however many commits it carries; triggers keep the current entries in step with the log.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peapod.apiserver.storage.store import Change, Entry
from peapod.common.errors import Invalid, StoreFull, Unavailable

MOST_CHANGES = 256
"""How many changes `append` takes at once."""

_APPLICATION = int.from_bytes(b"Pea1")
_POSITIONS = 128
"""A change's row is its revision times this plus its place in the commit: one tree that only grows at its end."""

_SCHEMA = f"""
CREATE TABLE current (key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL);
CREATE TABLE log (id INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB, previous BLOB, previous_revision INTEGER);
CREATE TABLE compacted (revision INTEGER NOT NULL);
INSERT INTO compacted VALUES (0);
CREATE TABLE store (id TEXT NOT NULL);
INSERT INTO store VALUES (lower(hex(randomblob(16))));
CREATE TRIGGER put AFTER INSERT ON log WHEN new.value IS NOT NULL BEGIN
    INSERT OR REPLACE INTO current VALUES (new.key, new.value, new.id / {_POSITIONS});
END;
CREATE TRIGGER removed AFTER INSERT ON log WHEN new.value IS NULL BEGIN
    DELETE FROM current WHERE key = new.key;
END;
PRAGMA application_id = {_APPLICATION};
"""
_SETTINGS = (
    "auto_vacuum = INCREMENTAL",
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = OFF",
    "mmap_size = 0",
    f"journal_size_limit = {16 << 20}",
)

# A full disk; and what a file's size limit and some file systems make of the same.
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}


class SqliteFile:
    """An open store file. Its methods block, and are to be called from one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises `Unavailable` while another process has it, `Invalid` if it is no store."""
        self._lock = _lock(path)
        try:
            self._connection = _open(path)
        except BaseException:
            os.close(self._lock)
            raise

    def entries(self) -> dict[str, Entry | None]:
        """Read all current entries."""
        rows = self._read("SELECT key, value, revision FROM current")
        return {row[0]: Entry(*row) for row in rows}

    def id(self) -> str:
        """Read the name that the store was given when the file was made."""
        return str(self._read("SELECT id FROM store")[0][0])

    def compacted(self) -> int:
        """Read up to which revision changes are gone."""
        return self._number("SELECT revision FROM compacted")

    def revision(self) -> int:
        """Read the newest revision; 1 for an empty store."""
        newest = self._number("SELECT coalesce(max(id), 0) FROM log") // _POSITIONS
        return max(newest, self.compacted(), 1)

    def append(self, changes: Sequence[Change]) -> None:
        """Log changes and carry them out, all or none; they are durable on return. Raises `StoreFull`."""
        rows = ",".join(["(?,?,?,?,?)"] * len(changes))
        self._write(f"INSERT INTO log VALUES {rows}", _parameters(changes))

    def history(self, after: int, upto: int) -> list[Change]:
        """Read the changes after one revision up to another."""
        rows = self._read(
            "SELECT id, key, value, previous, previous_revision FROM log WHERE id >= ? AND id < ? ORDER BY id",
            ((after + 1) * _POSITIONS, (upto + 1) * _POSITIONS),
        )
        return [_change(*row) for row in rows]

    def mark_compacted(self, revision: int) -> None:
        """Declare the changes up to `revision` gone; `trim` then makes room bit by bit. Raises `StoreFull`."""
        self._write("UPDATE compacted SET revision = ?", (revision,))

    def trim(self, most: int) -> bool:
        """Drop up to `most` compacted changes; tell whether there may be more of them."""
        end = (self.compacted() + 1) * _POSITIONS
        oldest = "SELECT id FROM log WHERE id < ? ORDER BY id LIMIT ?"
        return self._write(f"DELETE FROM log WHERE id IN ({oldest})", (end, most)) == most

    def shrink(self, pages: int) -> bool:
        """Give up to `pages` back to the file system if much of the file is unused; tell whether it still is."""
        if self._mostly_used():
            return False
        self._read(f"PRAGMA incremental_vacuum({pages})")
        return not self._mostly_used()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        os.close(self._lock)

    def _mostly_used(self) -> bool:
        free, pages = self._number("PRAGMA freelist_count"), self._number("PRAGMA page_count")
        return free < max(1024, pages // 4)

    def _number(self, query: str) -> int:
        return int(self._read(query)[0][0])

    def _read(self, query: str, parameters: Sequence[int] = ()) -> list[Any]:
        with _explained():
            return self._connection.execute(query, parameters).fetchall()

    def _write(self, statement: str, parameters: Sequence[str | int | bytes | None]) -> int:
        with _explained():
            return self._connection.execute(statement, parameters).rowcount


def _lock(path: Path) -> int:
    """Lock the file beside the store's, for as long as the returned descriptor is open."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Invalid(f"{path} cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Unavailable(f"{path} is in use: another process, or another store of this one, has it open") from None
    return descriptor


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.touch(0o600)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=300)
    except (OSError, sqlite3.Error) as error:
        raise Invalid(f"{path} cannot be opened: {error}") from error
    try:
        # Before anything is read, or SQLite keeps its index of the WAL in a shared file.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        empty = _check_ours(connection, path)
        with _explained():
            _prepare(connection, empty)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """Raise `Invalid` for a file of somebody else's; tell whether it is empty."""
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    except sqlite3.DatabaseError as error:
        raise Invalid(f"{path} is not a store of Peapod: {error}") from error
    if application != _APPLICATION and not empty:
        raise Invalid(f"{path} is not a store of Peapod, but another SQLite database")
    return bool(empty)


def _prepare(connection: sqlite3.Connection, empty: bool) -> None:
    for setting in _SETTINGS:
        connection.execute(f"PRAGMA {setting}").fetchall()
    if empty:
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in _FULL:
            message = "the disk of the store is full, or refuses writes: nothing was written"
            raise StoreFull(message) from error
        raise Unavailable(f"the store's file cannot be used: {error}") from error


def _parameters(changes: Sequence[Change]) -> list[str | int | bytes | None]:
    parameters: list[str | int | bytes | None] = []
    revision = position = 0
    for change in changes:
        position = position + 1 if change.revision == revision else 0
        revision = change.revision
        parameters += (revision * _POSITIONS + position, change.key, change.value)
        parameters += (change.previous.value, change.previous.revision) if change.previous else (None, None)
    return parameters


def _change(row: int, key: str, value: bytes | None, previous: bytes | None, previous_revision: int | None) -> Change:
    before = None if previous is None or previous_revision is None else Entry(key, previous, previous_revision)
    return Change(key, value, row // _POSITIONS, before)
