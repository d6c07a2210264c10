"""Makes what a server behind the proxy refers to lead through the proxy again."""

from __future__ import annotations

import re
from typing import NamedTuple

from peapod.gateway.forward.destination import HTTP_PORT, Destination
from peapod.gateway.forward.place import Place

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST = re.compile(r"//([^/?#]*)")
# The "#" of a character reference such as "&#38;" begins no fragment.
_FRAGMENT = re.compile(r"(?<!&)#")


class Links(NamedTuple):
    """How references of one server's answers are rewritten."""

    prefix: str
    """The path that leads to the server's root."""
    hosts: frozenset[str]
    """How the server is called by itself."""
    kept: str
    """What the query of every reference has to hold; may be empty."""
    at_prefix: bool
    """Whether the page is at the prefix itself, without a slash, so that relative references would miss it."""

    def rewritten(self, reference: str, ampersand: str = "&") -> str:
        """Rewrite a reference to the same server; others, and those within the page, are returned as they are."""
        path = self._path(reference.strip())
        return reference if path is None else _with_query(path, self.kept, ampersand)

    def _path(self, reference: str) -> str | None:
        if not reference or reference.startswith("#"):
            return None
        if scheme := _SCHEME.match(reference):
            reference = reference[scheme.end() :]
            if scheme[1].lower() not in ("http", "https") or not reference.startswith("//"):
                return None
        if host := _HOST.match(reference):
            if host[1].lower() not in self.hosts:
                return None
            reference = reference[host.end() :]
            reference = reference if reference.startswith("/") else f"/{reference}"
        if not reference.startswith("/"):
            return self._relative(reference)
        behind = reference.removeprefix(self.prefix)
        through_already = behind != reference and behind[:1] in ("", "/", "?", "#")
        return None if through_already else self.prefix + reference

    def _relative(self, reference: str) -> str | None:
        if self.at_prefix:
            return f"{self.prefix}/{reference}"
        return reference if self.kept else None


def links(place: Place, destination: Destination) -> Links:
    """Say how the answers of one object's server are rewritten."""
    hosts = {str(destination).lower()}
    if destination.number == HTTP_PORT:
        hosts |= {str(destination._replace(port=port)) for port in (None, HTTP_PORT)}
    return Links(place.prefix, frozenset(hosts), place.kept, not place.rest)


def _with_query(reference: str, part: str, ampersand: str) -> str:
    if not part:
        return reference
    fragment = _FRAGMENT.search(reference)
    end = fragment.start() if fragment else len(reference)
    mark = ampersand if "?" in reference[:end] else "?"
    return reference[:end] + mark + part + reference[end:]
