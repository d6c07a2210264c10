"""What `-f` names: files, directories, URLs and standard input, as documents that are not understood yet."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from peapod.codec.documents import SUFFIXES, documents_in
from peapod.common.errors import Invalid

STDIN = "-"


class Source(NamedTuple):
    """A file by the name that was given for it, and the documents in it."""

    name: str
    documents: Sequence[Any]

    def place(self, index: int) -> str:
        """Say which document of the file is meant, when it has several."""
        return f"{self.name}: document {index + 1}" if len(self.documents) > 1 else self.name


def files(paths: Sequence[str]) -> Iterator[str]:
    """List the files that are meant: those of a directory in order of their names, not deeper.

    Raises `Invalid` for a directory without any.
    """
    for path in paths:
        if path == STDIN or _is_url(path) or not Path(path).is_dir():
            yield path
            continue
        found = sorted(str(file) for file in Path(path).iterdir() if file.suffix in SUFFIXES and file.is_file())
        if not found:
            raise Invalid(f"{path}: there is no {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} file in the directory")
        yield from found


def read(name: str) -> Source:
    """Read one file, what a URL leads to, or standard input for `-`.

    Raises `Invalid` when it is not there, or neither JSON nor YAML, and `Unavailable` for a URL that leads nowhere.
    """
    try:
        text = _data(name).decode("utf-8-sig")
    except OSError as error:
        raise Invalid(f"{name}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError as error:
        raise Invalid(f"{name}: byte {error.start} is not UTF-8 text") from None
    shown = "standard input" if name == STDIN else name
    try:
        documents = documents_in(text, "" if _is_url(name) else Path(name).suffix)
    except Invalid as wrong:
        raise Invalid(f"{shown}: {wrong.message}") from None
    if not documents:
        raise Invalid(f"{shown}: there is no object in it")
    return Source(shown, documents)


def _is_url(name: str) -> bool:
    return name.startswith(("http://", "https://"))


def _data(name: str) -> bytes:
    if name == STDIN:
        return sys.stdin.buffer.read()
    if not _is_url(name):
        return Path(name).read_bytes()
    from peapod_cli import fetching

    return fetching.fetch(name)
