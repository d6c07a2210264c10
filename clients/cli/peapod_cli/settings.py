"""What a settings file says: clusters by name, contexts by name, and which context is the current one.

clusters: {home: {server: "127.0.0.1:7070", gateway: "http://127.0.0.1:8080"}}
contexts: {shop: {cluster: home, namespace: shop}}
current-context: shop
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from peapod.common.errors import Invalid

Document = dict[str, Any]

CURRENT = "current-context"
FIELDS = {"clusters": ("server", "gateway"), "contexts": ("cluster", "namespace")}
"""The fields of what each section has by name."""

PROPERTIES = (*(f"{section}.NAME.{field}" for section, fields in FIELDS.items() for field in fields), CURRENT)


class Place(NamedTuple):
    """Where a context leads; what it leaves open is empty."""

    server: str = ""
    gateway: str = ""
    namespace: str = ""


class Scope(NamedTuple):
    """The namespace that everything must be in, when there is one, and the one for what names none."""

    required: str
    otherwise: str


def problems(document: Any) -> Iterator[str]:
    """Say everything that is wrong with a document, by its place."""
    if not isinstance(document, dict):
        yield "must be an object with clusters, contexts and current-context"
        return
    for key, value in document.items():
        if key in FIELDS:
            yield from _section_problems(key, value)
        elif key != CURRENT:
            yield f"{key}: unknown field"
        elif not isinstance(value, str):
            yield f"{key}: must be text"


def _section_problems(section: str, entries: Any) -> Iterator[str]:
    if not isinstance(entries, dict):
        yield f"{section}: must be an object"
        return
    for name, entry in entries.items():
        if not isinstance(entry, dict):
            yield f"{section}.{name}: must be an object"
            continue
        for field, value in entry.items():
            if field not in FIELDS[section]:
                yield f"{section}.{name}.{field}: unknown field"
            elif not isinstance(value, str):
                yield f"{section}.{name}.{field}: must be text"


def merged(documents: Sequence[Document]) -> Document:
    """Make one of several documents; of an entry that several have, the first counts."""
    made: Document = {}
    for document in reversed(documents):
        for section in FIELDS:
            if entries := made.get(section, {}) | document.get(section, {}):
                made[section] = entries
        if CURRENT in document:
            made[CURRENT] = document[CURRENT]
    return made


def current(document: Document) -> Place:
    """Find out where the current context leads; raises `Invalid` when it names what is not there."""
    name = document.get(CURRENT, "")
    if not name:
        return Place()
    context = document.get("contexts", {}).get(name)
    if context is None:
        raise Invalid(f'the current context "{name}" is not there; peapod config use-context chooses another')
    cluster_name = context.get("cluster", "")
    cluster = document.get("clusters", {}).get(cluster_name, {} if not cluster_name else None)
    if cluster is None:
        raise Invalid(f'the context "{name}" is of the cluster "{cluster_name}", which is not there')
    return Place(cluster.get("server", ""), cluster.get("gateway", ""), context.get("namespace", ""))


def with_property(document: Document, path: str, value: str) -> Document:
    """Set a property, such as `clusters.home.server`."""
    section, name, field = _parts(path)
    if section == CURRENT:
        return document | {CURRENT: value}
    if not field:
        raise Invalid(f'"{path}" cannot be set; these can: {", ".join(PROPERTIES)}')
    return with_entry(document, section, name, {field: value})


def with_entry(document: Document, section: str, name: str, fields: Document) -> Document:
    """Set some fields of an entry, which keeps its others."""
    entries = document.get(section, {})
    return document | {section: entries | {name: entries.get(name, {}) | fields}}


def without_property(document: Document, path: str) -> Document:
    """Remove a property, an entry or a section; raises `Invalid` when it is not there."""
    section, name, field = _parts(path)
    inner = document.get(section, {})
    if section == CURRENT or not name:
        return _without(document, section, path)
    if not field:
        return document | {section: _without(inner, name, path)}
    return document | {section: inner | {name: _without(inner.get(name, {}), field, path)}}


def _without(document: Document, key: str, path: str) -> Document:
    if key not in document:
        raise Invalid(f'"{path}" is not set')
    return {name: value for name, value in document.items() if name != key}


def _parts(path: str) -> tuple[str, str, str]:
    """Take a path apart: section, name, field, the last ones empty where there are none. Names may have dots."""
    section, _, rest = path.partition(".")
    if path == CURRENT or (section in FIELDS and not rest):
        return path.rstrip("."), "", ""
    if section not in FIELDS:
        raise Invalid(f'there is no "{path}"; there are {", ".join(PROPERTIES)}')
    name, _, field = rest.rpartition(".")
    return (section, name, field) if name and field in FIELDS[section] else (section, rest, "")
