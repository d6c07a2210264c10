"""One version of the API: how it writes objects and lists, and what it calls the fields of the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from google.protobuf.message import Message

from peapod.codec.engine.paths import translate
from peapod.codec.form import Form
from peapod.codec.layout import Layout
from peapod.common import kinds, selectable

LIST = "List"
"""The kind of a list of anything; with the name of a kind before it, of a list of that."""


class Version:
    """A version by its name, with the forms of all kinds that it has."""

    def __init__(self, name: str, forms: Sequence[Form], layout: Layout) -> None:
        self.name = name
        self.kinds: Mapping[str, Form] = {form.name: form for form in forms}
        """All forms, by the name that is written."""
        self.layout = layout
        """Where it puts what is beside the fields of kinds, and what it calls that."""
        self._by_message = {form.message.DESCRIPTOR.full_name: form for form in forms}

    @cached_property
    def by_any_name(self) -> Mapping[str, Form]:
        """All forms, by each name that is read."""
        return {name: form for form in self.kinds.values() for name in (form.name, *form.also)}

    def form_of(self, message: Message | type[Message]) -> Form:
        """Find the form of a message, or of a type; raises KeyError when the version has no such kind."""
        return self._by_message[message.DESCRIPTOR.full_name]

    def encode(self, message: Message, resource: str = "") -> dict[str, Any]:
        """Write one object, keys in the order that the version has them.

        `resource` is the word that URLs use for its kind, where that is not the usual one.
        """
        form = self.form_of(message)
        document = form.table.write(message)
        document["kind"] = form.name
        document["apiVersion"] = self.name
        if form.stored:
            self.layout.put_link(document, self._link(form, message, resource))
        return document

    def encode_item(self, message: Message, resource: str = "") -> dict[str, Any]:
        """Write one object as lists of its kind have it, with neither kind nor version."""
        document = self.encode(message, resource)
        del document["kind"], document["apiVersion"]
        return document

    def encode_list(
        self,
        of: type[Message],
        messages: Iterable[Message],
        revision: int,
        self_link: str = "",
        resource: str = "",
    ) -> dict[str, Any]:
        """Write objects of one kind as a collection is answered."""
        link = self_link or f"/api/{self.name}/{resource or self.form_of(of).resource}"
        document = self.list_head(of, revision, link)
        self.put_items(document, [self.encode_item(message, resource) for message in messages])
        return document

    def list_head(self, of: type[Message], revision: int, self_link: str) -> dict[str, Any]:
        """Write a list of a kind without its items, which come behind all that is in it."""
        return self.layout.list_head(f"{self.form_of(of).name}{LIST}", self_link, revision)

    @property
    def id_key(self) -> str:
        """What the details of a `Status` call the name of an object."""
        return self.layout.id_key

    def status_head(self) -> dict[str, Any]:
        """Make a `Status` that says nothing yet: what it says is to stand behind."""
        return self.layout.status_head()

    def put_items(self, head: dict[str, Any], items: list[Any]) -> None:
        """Put written items behind the head of their list, under each key that has them."""
        self.layout.put_items(head, items)

    def encode_mixed(self, messages: Iterable[Message]) -> dict[str, Any]:
        """Write objects of any kinds as one `List`."""
        document = self.layout.list_head(LIST, "", 0)
        self.layout.put_items(document, [self.encode(message) for message in messages])
        return document

    def words(self, of: Message | type[Message], proto_path: str) -> str:
        """Say the place of a proto field of a kind in the version's words.

        What the version has no word for, such as a field of a request, comes back as it is.
        """
        form = self._by_message.get(of.DESCRIPTOR.full_name)
        return translate(form.table, proto_path) if form else proto_path

    def proto_field(self, form: Form, name: str) -> str | None:
        """Say what the contract calls a field by which objects are selected; None when the kind has no such field.

        Versions have their own names, read in any case; the contract's are known in each.
        """
        if form.stored and name in selectable.fields_of(kinds.of_message(form.message)):
            return name
        return next((path for known, path in form.selectable.items() if known.lower() == name.lower()), None)

    def proto_value(self, form: Form, name: str, value: str) -> str:
        """Say what the contract calls a value of a field by which objects are selected."""
        values = form.selected.get(self.proto_field(form, name) or "", {})
        return values.get(value, value)

    def _link(self, form: Form, message: Message, resource: str) -> str:
        metadata = getattr(message, "metadata")  # noqa: B009
        return self.layout.link(form, resource or form.resource, metadata.namespace, metadata.name)
