"""Says the place of a field in the words of a version, from the same tables that read and write it.

Where a table has words only for what is in the first item of a list, the list is called by the first of these: what
is wrong with a service's `ports` is wrong with its `port`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from peapod.codec.engine.place import FIRST
from peapod.codec.engine.table import Field

_STEP = re.compile(r"(?P<name>[^.\[\]]+)(?P<subscripts>(?:\[[^\]]*\])*)\.?")


class Step(NamedTuple):
    """One name of a path, with the subscripts behind it as they stand."""

    name: str
    subscripts: str


class _Found(NamedTuple):
    steps: int
    """How many steps of the path the table knows."""
    exact: bool
    """Whether a key stands for the last of them, rather than for something inside it."""
    words: tuple[str, ...]


_NOWHERE = _Found(0, False, ())


def translate(fields: Iterable[Field], path: str) -> str:
    """Turn a path of proto names into one of JSON keys; behind the last that the table knows, camel case."""
    steps = [Step(match["name"], match["subscripts"]) for match in _STEP.finditer(path)]
    found = _find(fields, steps)
    if not found.words:
        return path
    rest = [_camel(step.name) + step.subscripts for step in steps[found.steps :]]
    return ".".join([*found.words, *rest])


def _find(fields: Iterable[Field], steps: Sequence[Step]) -> _Found:
    best = _NOWHERE
    for field in fields:
        found = _match(field, steps)
        if (found.steps, found.exact) > (best.steps, best.exact):
            best = found
    return best


def _match(field: Field, steps: Sequence[Step]) -> _Found:
    known = len(field.steps)
    pairs = [*zip(field.steps, steps, strict=False)]
    if not all(_same(ours, theirs) for ours, theirs in pairs):
        return _NOWHERE
    if len(pairs) < known:
        return _part(field, len(pairs))
    inside = _find(field.shape.inside, steps[known:])
    if not known and not inside.steps:
        return _NOWHERE
    word = field.name + (steps[known - 1].subscripts if known else "")
    return _Found(known + inside.steps, inside.exact or not inside.steps, (word, *inside.words))


def _part(field: Field, length: int) -> _Found:
    """Say of a field that the path leads only to something that holds it, at so many steps."""
    if not length:
        return _NOWHERE
    return _Found(length, False, (field.name,) if field.steps[length - 1].endswith(FIRST) else ())


def _same(ours: str, theirs: Step) -> bool:
    if ours.endswith(FIRST):
        return ours.removesuffix(FIRST) == theirs.name and theirs.subscripts in ("", FIRST)
    return ours == theirs.name


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
