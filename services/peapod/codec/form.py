"""How one kind is written in one version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from google.protobuf.message import Message

from peapod.codec.engine.table import Table


@dataclass(frozen=True)
class Form:
    """One kind in one version: its name, its message, its table, its segment in URLs."""

    name: str
    message: type[Message]
    table: Table
    resource: str
    namespaced: bool = True
    also: Sequence[str] = ()
    """Names that are read, and never written."""
    selectable: Mapping[str, str] = field(default_factory=dict)
    """What field selectors call proto fields, besides what the contract calls them."""
    selected: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By proto field, the values that selectors call otherwise than the contract does."""

    @property
    def stored(self) -> bool:
        """Whether its objects are kept, and so have a name and a path; a binding is only acted on."""
        return "metadata" in self.message.DESCRIPTOR.fields_by_name
