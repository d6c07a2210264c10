"""Documents of any version to messages of the contract; `Version.encode` is the way back.

`decode(version.encode(message))` is the message again, but for what means nothing or has no words: parts that are
there and empty, fractions of a second, which suffix a quantity was written with (v1beta3 keeps it), and of a service
a target port of 0 and the usual type.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from google.protobuf.message import Message

from peapod.codec.engine.report import Report, Unsupported
from peapod.codec.engine.table import kind_of, member
from peapod.codec.form import Form
from peapod.codec.version import LIST, Version
from peapod.codec.versions import V1BETA1, VERSIONS
from peapod.common.errors import Violation

__all__ = ["Decoded", "Part", "decode", "member", "split"]


class Decoded(NamedTuple):
    """What a document says. The message holds what could be read; it is None when the kind could not."""

    message: Message | None
    problems: Sequence[Violation]
    """Every value that is wrong, by its path in the document."""
    unknown: Sequence[str]
    """The paths of keys that the version does not have."""


class Part(NamedTuple):
    """One object out of a document, and its path there: empty unless it stood in a list."""

    path: str
    document: Any


def decode(document: Any, path: str = "", *, version: Version | None = None, form: Form | None = None) -> Decoded:
    """Read one object. Never raises for what the document says; everything that is wrong is told at once.

    `version` and `form` stand in where the document does not say which it is; one that does is read as it says.
    """
    report = Report(path)
    found = _form(document, version, form, report)
    if found is None:
        return Decoded(None, report.problems, report.unknown)
    message = found.message()
    found.table.read(document, message, report)
    return Decoded(message, report.problems, report.unknown)


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
    inherited = {"kind": name.removesuffix(LIST), "apiVersion": member(document, "apiVersion")}
    for index, item in enumerate(items):
        place = f"{path}.{key}[{index}]" if path else f"{key}[{index}]"
        yield from split(_inherit(item, inherited) if name != LIST else item, place)


def _inherit(item: Any, inherited: dict[str, Any]) -> Any:
    if not isinstance(item, dict):
        return item
    given = {key.lower() for key in item if isinstance(key, str)}
    return item | {key: value for key, value in inherited.items() if key.lower() not in given and value}


def _form(document: Any, version: Version | None, form: Form | None, report: Report) -> Form | None:
    if not isinstance(document, dict):
        report.problem(f"must be an object, not {kind_of(document)}")
        return None
    read_as = _version(member(document, "apiVersion"), version, report)
    name = member(document, "kind")
    if not name and form:
        return read_as.form_of(form.message)
    found = read_as.by_any_name.get(name) if isinstance(name, str) else None
    if found is None and _is_list(name):
        report.problem("must be a list", ".items")
    elif found is None:
        _refuse_kind(name, read_as, report)
    return found


def _version(name: Any, version: Version | None, report: Report) -> Version:
    if isinstance(name, str) and name in VERSIONS:
        return VERSIONS[name]
    if name:
        report.refuse(Unsupported(f"must be one of {', '.join(VERSIONS)}, not {name}"), ".apiVersion")
    elif version is None:
        report.missing(f'is required, such as "{V1BETA1.name}"', ".apiVersion")
    return version or V1BETA1


_LISTED = {"", *(name for version in VERSIONS.values() for name in version.by_any_name)}


def _is_list(name: Any) -> bool:
    return isinstance(name, str) and name.endswith(LIST) and name.removesuffix(LIST) in _LISTED


def _refuse_kind(name: Any, version: Version, report: Report) -> None:
    if not name:
        report.missing('is required, such as "Pod"', ".kind")
    elif not isinstance(name, str):
        report.problem(f"must be text, not {kind_of(name)}", ".kind")
    else:
        known = ", ".join([*version.kinds, LIST])
        report.refuse(Unsupported(f'must be one of {known}; "{name}" is not known'), ".kind")
