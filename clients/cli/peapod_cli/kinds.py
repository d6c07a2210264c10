"""The words that people use for the kinds, and what a command line names by them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import NamedTuple

from peapod.common.errors import Invalid
from peapod.common.kinds import (
    ENDPOINTS,
    EVENT,
    LIMIT_RANGE,
    NAMESPACE,
    NODE,
    POD,
    REPLICATION_CONTROLLER,
    RESOURCE_QUOTA,
    SECRET,
    SERVICE,
    Kind,
)

WORDS: dict[Kind, Sequence[str]] = {
    POD: ("pods", "pod", "po"),
    REPLICATION_CONTROLLER: (
        "replicationControllers",
        "replicationController",
        "replicationcontrollers",
        "replicationcontroller",
        "rc",
    ),
    SERVICE: ("services", "service", "se", "svc"),
    ENDPOINTS: ("endpoints", "ep"),
    NODE: ("minions", "minion", "mi", "nodes", "node", "no"),
    EVENT: ("events", "event", "ev"),
    NAMESPACE: ("namespaces", "namespace", "ns"),
    SECRET: ("secrets", "secret"),
    LIMIT_RANGE: ("limitRanges", "limitRange", "limitranges", "limitrange", "limits"),
    RESOURCE_QUOTA: ("resourceQuotas", "resourceQuota", "resourcequotas", "resourcequota", "quota"),
}
"""What each kind may be called; the first of its words is printed."""

_BY_WORD = {word: kind for kind, words in WORDS.items() for word in words}


def word(kind: Kind) -> str:
    """Say what many of a kind are called."""
    return WORDS[kind][0]


def by_word(text: str) -> Kind:
    """Find the kind that a word names; raise `Invalid` for any other word."""
    if text in _BY_WORD:
        return _BY_WORD[text]
    known = ", ".join(f"{word(kind)} ({min(words, key=len)})" for kind, words in WORDS.items())
    raise Invalid(f'there is no resource "{text}"; known are {known}')


class Target(NamedTuple):
    """What a command line names: objects of a kind, or with no names all of them."""

    kind: Kind
    names: tuple[str, ...]


def targets(words: Sequence[str]) -> list[Target]:
    """Read `TYPE[,TYPE] [NAME...]` and `TYPE/NAME...`, also both; raise `Invalid` for anything else."""
    if not words:
        raise Invalid(f"say of what: {', '.join(map(word, WORDS))}")
    pairs = [_pair(text) for text in words if "/" in text]
    others = [text for text in words if "/" not in text]
    return [*_of_types(others), *pairs] if others else pairs


def selected(words: Sequence[str], arguments: Namespace) -> list[Target]:
    """Read what is chosen by names, or else by --selector or --all; raise `Invalid` when it is both, or neither."""
    chosen = targets(words)
    selects = bool(arguments.selector or arguments.all)
    if any(selects == bool(target.names) for target in chosen):
        raise Invalid("say which ones: by NAME, with -l SELECTOR, or with --all")
    return chosen


def one(words: Sequence[str], usage: str, *kinds: Kind) -> Target:
    """Read one object of one of some kinds; raise `Invalid`, which shows the usage, for anything else."""
    chosen = targets(words) if words else []
    if len(chosen) != 1 or len(chosen[0].names) != 1:
        raise Invalid(f"name one: {usage}")
    if chosen[0].kind not in kinds:
        raise Invalid(f"{word(chosen[0].kind)} are none of {', '.join(map(word, kinds))}: {usage}")
    return chosen[0]


def one_pod(text: str, verb: str) -> str:
    """Read the name of a pod out of `NAME` or `pod/NAME`; raise `Invalid` for another type, which cannot be "verb"."""
    return _name_of(POD, text, verb)


def one_node(text: str) -> str:
    """Read the name of a node out of `NAME` or `node/NAME`; raise `Invalid` for another type."""
    return _name_of(NODE, text, "take no pods")


def _name_of(kind: Kind, text: str, verb: str) -> str:
    if "/" not in text:
        return text
    target = _pair(text)
    if target.kind is not kind:
        raise Invalid(f"{word(target.kind)} {verb}; name a {kind.singular}")
    return target.names[0]


def _of_types(words: Sequence[str]) -> list[Target]:
    kinds, names = [by_word(text) for text in words[0].split(",") if text], tuple(words[1:])
    if not kinds or (names and len(kinds) > 1):
        raise Invalid("give one type and names of it, or several types by comma, or TYPE/NAME pairs")
    return [Target(kind, names) for kind in kinds]


def _pair(text: str) -> Target:
    kind, slash, name = text.partition("/")
    if not slash or not kind or not name or "/" in name:
        raise Invalid(f'"{text}" is not of the form TYPE/NAME')
    return Target(by_word(kind), (name,))
