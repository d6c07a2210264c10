"""What may come next on a command line that is still being typed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from peapod.common.kinds import NAMESPACE, Kind
from peapod_cli.kinds import WORDS, word
from peapod_cli.verbs.verb import Verb

Names = Callable[[Kind], Sequence[str]]
"""Lists the names of all objects of a kind."""

_NAMESPACE_FLAGS = ("-n", "--namespace")
_POD_FLAGS = ("-p", "--pod")


class Line(NamedTuple):
    """A command line as far as it is typed: the flag that waits for a value, if one does, and the words so far."""

    waiting: str
    words: Sequence[str]
    current: str


class Grammar(NamedTuple):
    """What a parser understands: its flags, and the choices of what is no flag."""

    flags: Mapping[str, argparse.Action]
    choices: Mapping[str, Any]

    @classmethod
    def of(cls, parser: argparse.ArgumentParser) -> Grammar:
        """Read a parser, which keeps that to itself."""
        actions = parser._actions
        shown = [action for action in actions if action.help != argparse.SUPPRESS]
        flags = {flag: action for action in shown for flag in action.option_strings}
        words: dict[str, Any] = {}
        for action in actions:
            if not action.option_strings and action.choices:
                choices = action.choices
                words |= choices if isinstance(choices, Mapping) else dict.fromkeys(choices)
        return cls(flags, words)

    def read(self, typed: Sequence[str]) -> Line:
        """Take a line apart. A shell may have taken `--flag=value` apart before, into three words."""
        *before, current = [part for part in typed if part != "="] or [""]
        if typed and typed[-1] == "=":
            before, current = [*before, current], ""
        waiting, words = "", []
        for part in before:
            if waiting:
                waiting = ""
            elif part.startswith("-"):
                waiting = part if self._takes_value(part) else ""
            else:
                words.append(part)
        flag, equals, value = current.partition("=")
        if equals and flag.startswith("--"):
            return Line(flag, words, value)
        return Line(waiting, words, current)

    def _takes_value(self, flag: str) -> bool:
        action = self.flags.get(flag)
        return action is not None and action.nargs != 0

    def values(self, flag: str) -> Iterable[str]:
        """List the values that a flag may have, where there are only some."""
        action = self.flags.get(flag)
        return map(str, action.choices) if action and action.choices else ()


def candidates(parser: argparse.ArgumentParser, verbs: Iterable[Verb], typed: Sequence[str], names: Names) -> list[str]:
    """List what the last word that is typed may become; the words are those behind the program's name."""
    own = grammar = Grammar.of(parser)
    line, verb, depth = grammar.read(typed), None, 0
    # Each command is read by a parser of its own, which knows more flags.
    while isinstance(inner := _inner(grammar, line.words[depth:]), argparse.ArgumentParser):
        verb = verb or next((one for one in verbs if line.words[depth] in (one.name, *one.aliases)), None)
        own = Grammar.of(inner)
        # Flags before the command are its caller's, and still have to be known for what they are.
        grammar = own._replace(flags={**grammar.flags, **own.flags})
        depth += 1
        line = grammar.read(typed)
    found = _possible(own, verb, line._replace(words=line.words[depth:]), names)
    return sorted({text for text in found if text.startswith(line.current)})


def _inner(grammar: Grammar, words: Sequence[str]) -> Any:
    return grammar.choices.get(words[0]) if words else None


def _possible(grammar: Grammar, verb: Verb | None, line: Line, names: Names) -> Iterable[str]:
    named = verb.names_of if verb is not None else None
    if line.waiting in _NAMESPACE_FLAGS:
        return names(NAMESPACE)
    if line.waiting in _POD_FLAGS and named is not None:
        return names(named)
    if line.waiting:
        return grammar.values(line.waiting)
    if line.current.startswith("-"):
        return grammar.flags
    if verb is not None and verb.types:
        return _objects(verb.types, line, names)
    if named is not None and not line.words:
        return names(named)
    return () if line.words else grammar.choices


def _objects(types: Sequence[Kind], line: Line, names: Names) -> Iterable[str]:
    kinds = {text: kind for kind in types for text in WORDS[kind]}
    before, slash, _ = line.current.partition("/")
    if slash:
        return [f"{before}/{name}" for name in names(kinds[before])] if before in kinds else ()
    if line.words:
        return names(kinds[line.words[0]]) if line.words[0] in kinds else ()
    listed, comma, _ = line.current.rpartition(",")
    return [f"{listed}{comma}{word(kind)}" for kind in types]
