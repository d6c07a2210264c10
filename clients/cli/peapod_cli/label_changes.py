"""What a command line wants of labels: `KEY=VALUE` sets one, `KEY-` removes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from peapod.common import labels


@dataclass(frozen=True)
class Changes:
    """Labels to set, and keys of labels to remove."""

    set: Mapping[str, str]
    remove: frozenset[str]

    def refusals(self, now: Mapping[str, str], *, overwrite: bool) -> list[str]:
        """Say which labels have another value already, unless that may be overwritten."""
        if overwrite:
            return []
        return [
            f'the label "{key}" is "{now[key]}" already; --overwrite changes it to "{value}"'
            for key, value in self.set.items()
            if now.get(key, value) != value
        ]

    def applied(self, now: Mapping[str, str]) -> dict[str, str]:
        """Make the labels that are to be."""
        return {key: value for key, value in now.items() if key not in self.remove} | dict(self.set)


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part what names objects from what changes labels: no name has a `=` in it or a `-` at its end."""
    first = next((at for at, word in enumerate(words) if "=" in word or word.endswith("-")), len(words))
    return list(words[:first]), list(words[first:])


def read_changes(words: Sequence[str]) -> tuple[Changes, list[str]]:
    """Read the changes, and say everything that is wrong with them."""
    problems: list[str] = []
    set_, remove, seen = {}, set(), set()
    for word in words:
        key, equals, value = word.partition("=")
        if not equals and not word.endswith("-"):
            problems.append(f'"{word}" is neither KEY=VALUE nor KEY-')
            continue
        key = key if equals else key.removesuffix("-")
        problems += _problems(word, key, value)
        if key in seen:
            problems.append(f'"{word}": the key is named twice')
        seen.add(key)
        if equals:
            set_[key] = value
        else:
            remove.add(key)
    if not words:
        problems.append("say what to change: KEY=VALUE or KEY-")
    return Changes(set_, frozenset(remove)), problems


def _problems(word: str, key: str, value: str) -> list[str]:
    found = [labels.key_problem(key), labels.value_problem(value)]
    said = zip(("the key", "the value"), found, strict=True)
    return [f'"{word}": {what} {problem}' for what, problem in said if problem]
