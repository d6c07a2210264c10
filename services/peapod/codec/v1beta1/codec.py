"""JSON of v1beta1 to messages of the contract, and back.

`decode(encode(message))` is the message again, but for three things that v1beta1 has no words for: parts that are
there and empty, fractions of a second, and which suffix a quantity was written with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from google.protobuf.message import Message

from peapod.codec.v1beta1.kinds import KINDS, NOT_YET, SYNONYMS, Kind, kind_of_message
from peapod.codec.v1beta1.meta import API_VERSION
from peapod.codec.v1beta1.paths import translate
from peapod.codec.v1beta1.shapes import Report, kind_of, read_object, write_object
from peapod.common.errors import Violation

READABLE_VERSIONS = (API_VERSION, "v1beta2")
"""v1beta2 differs only by names that are gone from it."""

_LIST = "List"


class Decoded(NamedTuple):
    """What a document says. The message holds what could be read; it is None when the kind could not."""

    message: Message | None
    problems: Sequence[Violation]
    """Every value that is wrong, by its path in the document."""
    unknown: Sequence[str]
    """The paths of keys that v1beta1 does not have."""


class Part(NamedTuple):
    """One object out of a document, and its path there: empty unless it stood in a list."""

    path: str
    document: Any


def decode(document: Any, path: str = "") -> Decoded:
    """Read one object. Never raises for what the document says; everything that is wrong is told at once."""
    report = Report(path)
    kind = _kind(document, report)
    if kind is None:
        return Decoded(None, report.problems, report.unknown)
    message = kind.message()
    read_object(kind.table, document, message, report)
    return Decoded(message, report.problems, report.unknown)


def encode(message: Message, *, resource: str = "") -> dict[str, Any]:
    """Write one object, keys in the order that v1beta1 has them; `resource` is the word that URLs use for it."""
    kind = kind_of_message(message)
    document = write_object(kind.table, message)
    document["kind"] = kind.name
    document["apiVersion"] = API_VERSION
    document["selfLink"] = _self_link(kind, message, resource or kind.resource)
    return document


def encode_list(
    of: type[Message], messages: Iterable[Message], revision: int, *, self_link: str = "", resource: str = ""
) -> dict[str, Any]:
    """Write a list of one kind as a collection is answered: its items name neither kind nor version."""
    kind = kind_of_message(of)
    items = [encode(message, resource=resource) for message in messages]
    for item in items:
        del item["kind"], item["apiVersion"]
    document: dict[str, Any] = {"kind": f"{kind.name}{_LIST}", "creationTimestamp": None}
    document |= {"selfLink": self_link or f"/api/{API_VERSION}/{resource or kind.resource}"}
    document |= {"resourceVersion": revision} if revision else {}
    document |= {"apiVersion": API_VERSION}
    if kind.name == "Minion" and items:
        document["minions"] = items
    document["items"] = items
    return document


def encode_mixed(messages: Iterable[Message]) -> dict[str, Any]:
    """Write objects of any kinds as one `List`."""
    items = [encode(message) for message in messages]
    return {"kind": _LIST, "creationTimestamp": None, "apiVersion": API_VERSION, "items": items}


def split(document: Any, path: str = "") -> Iterator[Part]:
    """Take lists apart, also lists of lists; anything else comes back as it is."""
    name = member(document, "kind")
    if not _is_list(name):
        yield Part(path, document)
        return
    key = "minions" if not member(document, "items") and member(document, "minions") else "items"
    items = member(document, key) or []
    if not isinstance(items, list):
        yield Part(path, document)
        return
    inherited = {"kind": name.removesuffix(_LIST), "apiVersion": member(document, "apiVersion")}
    for index, item in enumerate(items):
        place = f"{path}.{key}[{index}]" if path else f"{key}[{index}]"
        yield from split(_inherit(item, inherited) if name != _LIST else item, place)


def to_v1beta1_path(kind: str, proto_path: str) -> str:
    """Say the place of a proto field of a kind ("Pod", "Minion") in v1beta1's words.

    What v1beta1 has no word for, such as a field of a request, comes back as it is.
    """
    known = KINDS.get(SYNONYMS.get(kind, kind))
    return translate(known.table, proto_path) if known else proto_path


def _inherit(item: Any, inherited: dict[str, Any]) -> Any:
    if not isinstance(item, dict):
        return item
    given = {key.lower() for key in item if isinstance(key, str)}
    return item | {key: value for key, value in inherited.items() if key.lower() not in given and value}


def _kind(document: Any, report: Report) -> Kind | None:
    if not isinstance(document, dict):
        report.problem(f"must be an object, not {kind_of(document)}")
        return None
    version, name = member(document, "apiVersion"), member(document, "kind")
    if not version:
        report.at("apiVersion").problem(f'is required, such as "{API_VERSION}"')
    elif version not in READABLE_VERSIONS:
        report.at("apiVersion").problem(f"must be one of {', '.join(READABLE_VERSIONS)}, not {version}")
    kind = KINDS.get(SYNONYMS.get(name, name)) if isinstance(name, str) else None
    if kind is None and _is_list(name):
        report.at("items").problem("must be a list")
    elif kind is None:
        report.at("kind").problem(_no_such_kind(name))
    return kind


def _is_list(name: Any) -> bool:
    return isinstance(name, str) and name.endswith(_LIST) and name.removesuffix(_LIST) in {"", *KINDS, *SYNONYMS}


def _no_such_kind(name: Any) -> str:
    if not name:
        return 'is required, such as "Pod"'
    if not isinstance(name, str):
        return f"must be text, not {kind_of(name)}"
    if name.removesuffix(_LIST) in NOT_YET:
        return f"{name} is not supported yet"
    return f'must be one of {", ".join([*KINDS, _LIST])}; "{name}" is not known'


def member(document: Any, key: str) -> Any:
    """Return what an object has under a key, in whatever case it is written; None where there is nothing."""
    if not isinstance(document, dict):
        return None
    folded = (value for name, value in document.items() if isinstance(name, str) and name.lower() == key.lower())
    return next(folded, None)


def _self_link(kind: Kind, message: Message, resource: str) -> str:
    metadata = getattr(message, "metadata")  # noqa: B009
    query = f"?namespace={metadata.namespace}" if kind.namespaced else ""
    return f"/api/{API_VERSION}/{resource}/{metadata.name}{query}"
