"""What a URL below /redirect or /proxy names."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote

from peapod.common.errors import Invalid, Violation
from peapod.common.kinds import NODE, POD, SERVICE, Kind

QUERIED_VERSIONS = ("v1beta1", "v1beta2")
"""These have the namespace in the query; later ones have it in the path."""
VERSIONS = (*QUERIED_VERSIONS, "v1beta3")
DEFAULT_NAMESPACE = "default"

_KINDS = {"pods": POD, "services": SERVICE, "minions": NODE, "nodes": NODE}
_PATH = re.compile(
    r"(?P<prefix>/api/(?P<version>[^/]+)/(?:redirect|proxy)"
    r"(?:/namespaces/(?P<namespace>[^/]*))?/(?P<resource>[^/]+)/(?P<name>[^/]+))(?P<rest>/.*)?",
    re.DOTALL,
)
# What a URL may hold as it is: everything printable, and "%" because it has been encoded already.
_AS_IT_IS = "".join(map(chr, range(0x21, 0x7F)))


class Place(NamedTuple):
    """One object, and what is asked of it. Paths and the query are as they were sent: nothing is decoded twice."""

    kind: Kind
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
    def target(self) -> str:
        """What to ask the object's own server for."""
        return (self.rest or "/") + (f"?{self.query}" if self.query else "")


def parse(raw_path: bytes, raw_query: bytes) -> Place | None:
    """Read a URL; None when there is nothing there. Raises `Invalid` for a namespace or a name that is empty."""
    path, query = (quote(part, safe=_AS_IT_IS) for part in (raw_path, raw_query))
    match = _PATH.fullmatch(path)
    kind = _KINDS.get(match["resource"]) if match else None
    if match is None or kind is None or not _in_version(match["version"], match["resource"], match["namespace"], kind):
        return None
    namespace, kept = _namespace(match["namespace"], query) if kind.namespaced else ("", "")
    name, _, port = unquote(match["name"]).partition(":")
    if not name:
        raise Invalid("name is required", [Violation("name", "is required")])
    return Place(kind, namespace, name, port, match["prefix"], match["rest"] or "", query, kept)


def _in_version(version: str, resource: str, namespace: str | None, kind: Kind) -> bool:
    """Tell whether a version has a resource at this kind of path."""
    if version in QUERIED_VERSIONS:
        return namespace is None
    return version in VERSIONS and resource != "minions" and kind.namespaced is (namespace is not None)


def _namespace(in_path: str | None, query: str) -> tuple[str, str]:
    if in_path is not None:
        namespace, kept = unquote(in_path), ""
    else:
        given = parse_qs(query, keep_blank_values=True).get("namespace")
        namespace = given[0] if given else DEFAULT_NAMESPACE
        kept = f"namespace={quote(namespace)}" if given else ""
    if not namespace:
        raise Invalid("Namespace parameter required.", [Violation("namespace", "is required")])
    return namespace, kept
