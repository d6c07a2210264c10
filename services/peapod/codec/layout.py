"""Where a version puts what objects and lists carry beside their own fields: links, revisions, items."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from peapod.codec.engine.table import Field
from peapod.codec.form import Form


class Layout(ABC):
    """What differs between versions outside of their tables."""

    namespace_in_path: ClassVar[bool]
    """Whether paths name the namespace; else a parameter does."""
    labels_parameter: ClassVar[str]
    fields_parameter: ClassVar[str]
    list_fields: ClassVar[Sequence[Field]]
    """What every list has beside its items."""

    def item_keys(self, kind: str) -> Sequence[str]:
        """Name the keys under which a list of a kind has its items."""
        return ("items",)

    @abstractmethod
    def link(self, form: Form, resource: str, namespace: str, name: str) -> str:
        """Say the path of an object."""

    @abstractmethod
    def put_link(self, document: dict[str, Any], link: str) -> None:
        """Put the path into an object."""

    @property
    @abstractmethod
    def id_key(self) -> str:
        """What the details of a `Status` call the name of an object."""

    @abstractmethod
    def status_head(self) -> dict[str, Any]:
        """Make a `Status` that says nothing yet."""

    @abstractmethod
    def list_head(self, kind: str, link: str, revision: int) -> dict[str, Any]:
        """Make a list that has no items yet; without a link and a revision where there are none."""

    def put_items(self, document: dict[str, Any], items: list[dict[str, Any]]) -> None:
        """Put the items into a list; where there are none, only under the key that all lists have."""
        for key in self.item_keys(document["kind"].removesuffix("List")):
            if items or key == "items":
                document[key] = items
