"""The kinds that commands act on, and the words that people use for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from peapod.common.errors import Invalid

if TYPE_CHECKING:
    from google.protobuf.message import Message


@dataclass(frozen=True)
class Kind:
    """One kind. The contract calls it `singular`; people call it any of `words`, the first of which is printed."""

    singular: str
    words: Sequence[str]
    namespaced: bool = True

    @property
    def title(self) -> str:
        """The name of its message and, with "Service" behind, of its service."""
        return self.singular.capitalize()

    @property
    def plural(self) -> str:
        """The word that is printed."""
        return self.words[0]


POD = Kind("pod", ("pods", "pod", "po"))
NODE = Kind("node", ("minions", "minion", "mi", "nodes", "node", "no"), namespaced=False)
EVENT = Kind("event", ("events", "event", "ev"))
NAMESPACE = Kind("namespace", ("namespaces", "namespace", "ns"), namespaced=False)
SECRET = Kind("secret", ("secrets", "secret"))

KINDS = (POD, NODE, EVENT, NAMESPACE, SECRET)
NOT_YET = {
    word: words[0]
    for words in (
        ("replicationControllers", "replicationcontrollers", "replicationController", "replicationcontroller", "rc"),
        ("services", "service", "se", "svc"),
        ("endpoints", "endpoint", "ep"),
        ("limitRanges", "limitranges", "limitRange", "limitrange", "limits"),
        ("resourceQuotas", "resourcequotas", "resourceQuota", "resourcequota", "quota"),
    )
    for word in words
}

_BY_WORD = {word: kind for kind in KINDS for word in kind.words}


def by_word(word: str) -> Kind:
    """Find the kind that a word names; raise `Invalid` for any other word."""
    if word in _BY_WORD:
        return _BY_WORD[word]
    if word in NOT_YET:
        raise Invalid(f"{NOT_YET[word]} are not supported yet")
    known = ", ".join(f"{kind.plural} ({min(kind.words, key=len)})" for kind in KINDS)
    raise Invalid(f'there is no resource "{word}"; known are {known}')


def of_message(message: Message) -> Kind:
    """Find the kind that a message is an object of."""
    return next(kind for kind in KINDS if kind.title == message.DESCRIPTOR.name)


class Target(NamedTuple):
    """What a command line names: objects of a kind, or with no names all of them."""

    kind: Kind
    names: tuple[str, ...]


def targets(words: Sequence[str]) -> list[Target]:
    """Read `TYPE[,TYPE] [NAME...]` or `TYPE/NAME...`; raise `Invalid` for anything else."""
    if not words:
        raise Invalid(f"say of what: {', '.join(kind.plural for kind in KINDS)}")
    if any("/" in word for word in words):
        return [_pair(word) for word in words]
    kinds, names = [by_word(word) for word in words[0].split(",") if word], tuple(words[1:])
    if not kinds or (names and len(kinds) > 1):
        raise Invalid("give one type and names of it, or several types by comma, or TYPE/NAME pairs")
    return [Target(kind, names) for kind in kinds]


def one_pod(word: str, verb: str) -> str:
    """Read the name of a pod out of `NAME` or `pod/NAME`; raise `Invalid` for another type, which cannot be "verb"."""
    if "/" not in word:
        return word
    target = _pair(word)
    if target.kind is not POD:
        raise Invalid(f"{target.kind.plural} {verb}; name a pod")
    return target.names[0]


def _pair(word: str) -> Target:
    kind, slash, name = word.partition("/")
    if not slash or not kind or not name or "/" in name:
        raise Invalid(f'"{word}" is not of the form TYPE/NAME')
    return Target(by_word(kind), (name,))
