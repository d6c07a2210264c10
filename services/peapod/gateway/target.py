"""What a path of the API names (v1beta1.md, 4.2 and 4.3): pure, and strict about case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from peapod.codec.version import Version
from peapod.codec.versions import VERSIONS
from peapod.gateway.resources import BINDING, BINDINGS, PODS, RESOURCES, Resource
from peapod.gateway.status import About

DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True)
class Target:
    """A collection, or with a name one object, or with a part something of it."""

    version: Version
    resource: Resource
    segment: str
    """The word of the URL for the resource."""
    namespace: str | None = None
    """As the path says it; None where it does not."""
    name: str = ""
    part: str = ""
    watch: bool = False
    """Whether the path asks to watch."""

    @property
    def namespaced(self) -> bool:
        """Whether the kind lives in namespaces."""
        return self.resource.kind.namespaced

    @property
    def about(self) -> About:
        """What errors are to name."""
        return About(self.version, self.resource, self.name, binding=self.part == BINDING)


def parse(path: str) -> Target | None:
    """Read the raw path of a request below /api/; None when there is nothing at it.

    The parts of a path are unquoted after it was split, so a name may hold whatever the client quotes.
    """
    words = [unquote(word) for word in path.removeprefix("/api/").split("/")]
    version = VERSIONS.get(words[0])
    if version is None or not path.startswith("/api/"):
        return None
    rest = words[1:]
    watch = rest[:1] == ["watch"]
    rest = rest[1:] if watch else rest
    namespace: str | None = None
    if (
        version.layout.namespace_in_path
        and rest[:1] == ["namespaces"]
        and len(rest) > 2
        and rest[1]
        and rest[2] in _namespaced(version)
    ):
        namespace, rest = rest[1], rest[2:]
    return _below(version, rest, namespace, watch)


def _below(version: Version, words: Sequence[str], namespace: str | None, watch: bool) -> Target | None:
    segment, *rest = words or [""]
    if segment == BINDINGS and rest in ([], [""]) and not watch:
        return Target(version, PODS, segment, namespace, part=BINDING)
    resource = _by_segment(version).get(segment)
    # A trailing slash behind a collection is nothing.
    rest = [] if rest == [""] else rest
    if resource is None or "" in rest or len(rest) > 2:
        return None
    name, part = (*rest, "", "")[:2]
    if part and (watch or part not in (*resource.parts, *([BINDING] if resource is PODS else []))):
        return None
    return Target(version, resource, segment, namespace, name, part, watch)


@cache
def _by_segment(version: Version) -> Mapping[str, Resource]:
    return {segment: resource for resource in RESOURCES for segment in resource.segments(version)}


@cache
def _namespaced(version: Version) -> frozenset[str]:
    found = {segment for segment, resource in _by_segment(version).items() if resource.kind.namespaced}
    return frozenset(found | {BINDINGS})
