"""Where v1beta1 and v1beta2 put links and lists: all at the top, and the namespace behind a question mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peapod.codec.engine.scalars import INT64, TIME
from peapod.codec.engine.shapes import Constant
from peapod.codec.engine.table import Field
from peapod.codec.form import Form
from peapod.codec.layout import Layout


@dataclass(frozen=True)
class Inlined(Layout):
    """The layout of an object without a `metadata`."""

    namespace_in_path = False
    labels_parameter = "labels"
    fields_parameter = "fields"
    list_fields = (
        Field("kind", "", Constant()),
        Field("creationTimestamp", "", Constant(written=TIME.schema)),
        Field("selfLink", "", Constant()),
        Field("resourceVersion", "", Constant(written=INT64.schema)),
        Field("apiVersion", "", Constant()),
    )

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

    def item_keys(self, kind: str) -> Sequence[str]:
        """Name minions by their own word too."""
        return ("minions", "items") if self.minions and kind == "Minion" else ("items",)
