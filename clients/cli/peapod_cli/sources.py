"""What `-f` names: files, directories and standard input, as documents that are not understood yet."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from peapod.common.errors import Invalid

SUFFIXES = (".json", ".yaml", ".yml")
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
        if path == STDIN or not Path(path).is_dir():
            yield path
            continue
        found = sorted(str(file) for file in Path(path).iterdir() if file.suffix in SUFFIXES and file.is_file())
        if not found:
            raise Invalid(f"{path}: there is no {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} file in the directory")
        yield from found


def read(name: str) -> Source:
    """Read one file, or standard input for `-`; raise `Invalid` when it is not there, or neither JSON nor YAML."""
    try:
        data = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise Invalid(f"{name}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError as error:
        raise Invalid(f"{name}: byte {error.start} is not UTF-8 text") from None
    shown = "standard input" if name == STDIN else name
    try:
        documents = _parse(text, Path(name).suffix)
    except Invalid as wrong:
        raise Invalid(f"{shown}: {wrong.message}") from None
    except RecursionError:
        raise Invalid(f"{shown}: lists and objects are nested too deeply") from None
    if not documents:
        raise Invalid(f"{shown}: there is no object in it")
    return Source(shown, documents)


def _parse(text: str, suffix: str) -> list[Any]:
    looks_like_json = text.lstrip()[:1] in ("{", "[")
    if suffix == ".json" or (suffix not in SUFFIXES and looks_like_json):
        return _parse_json(text)
    return _parse_yaml(text)


def _parse_json(text: str) -> list[Any]:
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)
    documents = []
    at = _skip_blanks(text, 0)
    while at < len(text):
        try:
            document, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as wrong:
            raise Invalid(f"line {wrong.lineno} column {wrong.colno}: {_lower(wrong.msg)}") from None
        documents.append(document)
        at = _skip_blanks(text, end)
    return documents


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise Invalid(f'the key "{twice}" is given twice in one object')
    return found


def _refuse_constant(name: str) -> Any:
    raise Invalid(f"{name} is not JSON")


def _parse_yaml(text: str) -> list[Any]:
    import yaml

    from peapod_cli.yaml_form import Loader

    try:
        # A separator at the end, or a comment behind one, makes an empty document that nobody means.
        return [document for document in yaml.load_all(text, Loader) if document is not None]
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        place = f"line {mark.line + 1} column {mark.column + 1}: " if mark else ""
        raise Invalid(place + (wrong.problem or wrong.context or "is not YAML")) from None
    except yaml.YAMLError as wrong:
        raise Invalid(" ".join(str(wrong).split())) from None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
