"""What a URL below /redirect or /proxy names."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs, quote

from peapod.codec.version import Version
from peapod.codec.versions import VERSIONS
from peapod.common.kinds import Kind
from peapod.gateway import target
from peapod.gateway.resources import NODES, PODS, SERVICES, Resource
from peapod.gateway.status import About, BadRequest
from peapod.gateway.target import DEFAULT_NAMESPACE, Target

FORWARDED = (PODS, SERVICES, NODES)

_PATH = re.compile(
    r"(?P<prefix>(?P<api>/api/(?P<version>[^/]+))/(?:redirect|proxy)(?P<object>(?:/namespaces/[^/]*)?/[^/]+/[^/]+))"
    r"(?P<rest>/.*)?",
    re.DOTALL,
)
# What a URL may hold as it is: everything printable, and "%" because it has been encoded already; but nobody sends
# fragments.
_AS_IT_IS = "".join(map(chr, range(0x21, 0x7F))).replace("#", "")


class Place(NamedTuple):
    """One object, and what is asked of it. Paths and the query are as they were sent: nothing is decoded twice."""

    version: Version
    resource: Resource
    namespace: str
    """Empty for a kind without."""
    name: str
    port: str
    """What stood behind the name and a colon; may be empty."""
    prefix: str
    """The path up to the object."""
    rest: str
    """The path behind it: empty, or from its slash on."""
    query: str
    kept: str
    """The part of the query without which the object is not found again; may be empty."""

    @property
    def kind(self) -> Kind:
        """What the object is."""
        return self.resource.kind

    @property
    def target(self) -> str:
        """What to ask the object's own server for."""
        return (self.rest or "/") + (f"?{self.query}" if self.query else "")


def parse(raw_path: bytes, raw_query: bytes) -> Place | None:
    """Read a URL; None when there is nothing there. Raises `BadRequest` for a namespace or a name that is empty."""
    path, query = (quote(part, safe=_AS_IT_IS) for part in (raw_path, raw_query))
    match = _PATH.fullmatch(path)
    found = target.parse(match["api"] + match["object"]) if match else None
    if match is None or found is None or not _is_forwarded(found):
        return None
    namespace, kept = _namespace(found, query) if found.namespaced else ("", "")
    name, _, port = found.name.partition(":")
    if not name:
        raise BadRequest("the name of what is asked for is empty")
    return Place(
        found.version, found.resource, namespace, name, port, match["prefix"], match["rest"] or "", query, kept
    )


def about(raw_path: bytes) -> About:
    """Say what a request was about, for those who are told that it failed."""
    match = _PATH.fullmatch(quote(raw_path, safe=_AS_IT_IS))
    found = target.parse(match["api"] + match["object"]) if match else None
    if found is None:
        version = VERSIONS.get(match["version"]) if match else None
        return About(version) if version else About()
    return About(found.version, found.resource, found.name.partition(":")[0])


def _is_forwarded(found: Target) -> bool:
    in_path = found.version.layout.namespace_in_path and found.namespaced
    return (
        found.resource in FORWARDED
        and bool(found.name)
        and not (found.watch or found.part)
        and in_path is (found.namespace is not None)
    )


def _namespace(found: Target, query: str) -> tuple[str, str]:
    """Find the namespace, and what of the query names it."""
    given = parse_qs(query, keep_blank_values=True).get("namespace") if found.namespace is None else None
    namespace = given[0] if given else DEFAULT_NAMESPACE if found.namespace is None else found.namespace
    if not namespace:
        raise BadRequest("Namespace parameter required.")
    return namespace, f"namespace={quote(namespace)}" if given else ""
