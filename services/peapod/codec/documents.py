"""Text as documents that are not understood yet: JSON, or YAML that means what the same JSON would."""

from __future__ import annotations

import json
from typing import Any

from peapod.common.errors import Invalid

SUFFIXES = (".json", ".yaml", ".yml")
"""Of the files that hold objects."""


def documents_in(text: str, suffix: str = "") -> list[Any]:
    """Read all documents of a text, by the suffix of its file or else by its looks; raise `Invalid` in one clause."""
    looks_like_json = text.lstrip()[:1] in ("{", "[")
    try:
        if suffix == ".json" or (suffix not in SUFFIXES and looks_like_json):
            return _parse_json(text)
        return _parse_yaml(text)
    except RecursionError:
        raise Invalid("lists and objects are nested too deeply") from None
    except ValueError:
        # Python turns no text of thousands of digits into a number.
        raise Invalid("a number has too many digits") from None


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
        raise Invalid(f'the key "{_repeated(pairs)}" is given twice in one object')
    return found


def _repeated(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return key
        seen.add(key)
    raise AssertionError("no key is given twice")


def _refuse_constant(name: str) -> Any:
    raise Invalid(f"{name} is not JSON")


def _parse_yaml(text: str) -> list[Any]:
    import yaml

    from peapod.codec.plain_yaml import Loader

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
