"""The kinds that are served over HTTP, and what each does its own way (v1beta1.md, 4.2 and 4.5 to 4.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from peapod.codec.form import Form
from peapod.codec.version import Version
from peapod.common import kinds, selectable
from peapod.common.kinds import Kind


@dataclass(frozen=True)
class Resource:
    """One kind as HTTP has it, and as a watch cache selects it."""

    kind: Kind
    noun: str
    """What it is called when one is not found, or in the way."""
    invalid: str = ""
    """What it is called when it is invalid, where that is not the name of its kind."""
    also: str = ""
    """A second word for it in URLs."""
    shows_deleted: bool = False
    """A deletion is answered with the object, rather than with a bare success."""
    put_creates: int = 0
    """With which status a PUT makes one that is not there; 0 when it does not."""
    put_demands_version: bool = False
    """A PUT without a version is invalid, rather than in conflict."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Parts that are PUT by themselves: their segment in the URL, to the verb of the contract."""

    @property
    def plural(self) -> str:
        """What many are called in the contract."""
        return self.kind.plural

    @property
    def root(self) -> str:
        """What the keys in a cache begin with: nothing but the namespace."""
        return ""

    @cached_property
    def selectable(self) -> Mapping[str, selectable.Read]:
        """The fields that selectors may name, by their proto paths."""
        return selectable.fields_of(self.kind)

    @property
    def trigger(self) -> str:
        """The field by which most watchers select."""
        return selectable.trigger_of(self.kind)

    def form(self, version: Version) -> Form:
        """How a version writes the kind."""
        return version.form_of(self.kind.message)

    def segments(self, version: Version) -> tuple[str, ...]:
        """The words for it in a version's URLs, the usual one first."""
        usual = self.form(version).resource
        return (usual, self.also) if self.also and self.also != usual else (usual,)

    def key(self, namespace: str, name: str) -> str:
        """What one object is found by in a cache."""
        return f"{namespace}/{name}" if self.kind.namespaced else name

    def key_of(self, found: Any) -> str:
        """The same of an object."""
        return self.key(found.metadata.namespace, found.metadata.name)


PODS = Resource(kinds.POD, "pods", shows_deleted=True, parts={"status": "UpdateStatuses"})
REPLICATION_CONTROLLERS = Resource(kinds.REPLICATION_CONTROLLER, "replicationControllers")
SERVICES = Resource(kinds.SERVICE, "service", put_demands_version=True)
ENDPOINTS = Resource(kinds.ENDPOINTS, "endpoints", put_creates=201)
NODES = Resource(kinds.NODE, "minion", also="nodes")
EVENTS = Resource(kinds.EVENT, "events", invalid="event", put_creates=200)
NAMESPACES = Resource(
    kinds.NAMESPACE,
    "namespaces",
    shows_deleted=True,
    parts={"status": "UpdateStatus", "finalize": "Finalize"},
)
SECRETS = Resource(kinds.SECRET, "secrets", invalid="secret")
LIMIT_RANGES = Resource(kinds.LIMIT_RANGE, "limitranges", invalid="limitRange")
RESOURCE_QUOTAS = Resource(kinds.RESOURCE_QUOTA, "resourcequotas", shows_deleted=True, parts={"status": "UpdateStatus"})

RESOURCES = (
    PODS,
    REPLICATION_CONTROLLERS,
    SERVICES,
    ENDPOINTS,
    NODES,
    EVENTS,
    NAMESPACES,
    SECRETS,
    LIMIT_RANGES,
    RESOURCE_QUOTAS,
)

BINDINGS = "bindings"
"""Created only: a pod's node."""

BINDING = "binding"
"""The same, as a part of its pod."""
