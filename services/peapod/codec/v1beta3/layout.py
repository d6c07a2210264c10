"""Where v1beta3 puts links and lists: into `metadata`, and the namespace into the path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peapod.codec.engine.shapes import Constant, Object
from peapod.codec.engine.table import Field, Table
from peapod.codec.form import Form
from peapod.codec.layout import Layout

LIST_META = Table("ListMeta", Field("selfLink", "", Constant()), Field("resourceVersion", "", Constant()))


@dataclass(frozen=True)
class Nested(Layout):
    """The layout of an object with a `metadata`."""

    namespace_in_path = True
    labels_parameter = "labelSelector"
    fields_parameter = "fieldSelector"
    list_fields = (
        Field("kind", "", Constant()),
        Field("apiVersion", "", Constant()),
        Field("metadata", "", Object(LIST_META)),
    )

    version: str

    def link(self, form: Form, resource: str, namespace: str, name: str) -> str:
        """Say the path of an object, below that of its namespace; one that is not in any yet has no better."""
        within = f"namespaces/{namespace}/" if form.namespaced and namespace else ""
        return f"/api/{self.version}/{within}{resource}/{name}"

    def put_link(self, document: dict[str, Any], link: str) -> None:
        """Fill the place that the table keeps."""
        document["metadata"]["selfLink"] = link

    @property
    def id_key(self) -> str:
        """The word for a name."""
        return "name"

    def status_head(self) -> dict[str, Any]:
        """Make a `Status` with the keys that all have."""
        return {"kind": "Status", "apiVersion": self.version, "metadata": {}}

    def list_head(self, kind: str, link: str, revision: int) -> dict[str, Any]:
        """Make a list whose revision is text."""
        metadata = {"selfLink": link} if link else {}
        metadata |= {"resourceVersion": str(revision)} if revision else {}
        return {"kind": kind, "apiVersion": self.version, "metadata": metadata}
