"""Where v1beta1 and v1beta2 put links and lists: all at the top, and the namespace behind a question mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peapod.codec.form import Form
from peapod.codec.layout import Layout


@dataclass(frozen=True)
class Inlined(Layout):
    """The layout of an object without a `metadata`."""

    version: str
    minions: bool
    """Whether a list of minions is written under that word too."""

    def link(self, form: Form, resource: str, namespace: str, name: str) -> str:
        """Say the path of an object, with its namespace as a parameter."""
        query = f"?namespace={namespace}" if form.namespaced else ""
        return f"/api/{self.version}/{resource}/{name}{query}"

    def put_link(self, document: dict[str, Any], link: str) -> None:
        """Fill the place that the table keeps."""
        document["selfLink"] = link

    @property
    def id_key(self) -> str:
        """The word for a name."""
        return "id"

    def status_head(self) -> dict[str, Any]:
        """Make a `Status` with the keys that all have."""
        return {"kind": "Status", "creationTimestamp": None, "apiVersion": self.version}

    def list_head(self, kind: str, link: str, revision: int) -> dict[str, Any]:
        """Make a list whose revision is a number."""
        document: dict[str, Any] = {"kind": kind, "creationTimestamp": None}
        document |= {"selfLink": link} if link else {}
        document |= {"resourceVersion": revision} if revision else {}
        return document | {"apiVersion": self.version}

    def put_items(self, document: dict[str, Any], items: list[dict[str, Any]]) -> None:
        """Put the items into a list, and minions under their own word before that."""
        if self.minions and items and document["kind"] == "MinionList":
            document["minions"] = items
        document["items"] = items
