"""Which objects of a kind a reader wants: a namespace, a label selector and a field selector, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from peapod.common import fields, labels
from peapod.common.errors import Invalid, Violation
from peapod.common.watching.form import Item


class Scheme(Protocol):
    """How the objects of a kind are selected."""

    @property
    def plural(self) -> str:
        """What they are called, for people."""
        ...

    @property
    def root(self) -> str:
        """What all their keys begin with; the namespace and a slash follow, where there are namespaces."""
        ...

    @property
    def selectable(self) -> Mapping[str, Any]:
        """The fields that field selectors may name."""
        ...

    @property
    def trigger(self) -> str:
        """The selectable field by which most watchers select; empty where there is none."""
        ...


class Selection:
    """A compiled selection; equal texts make equal `identity`, so that watchers can share one."""

    __slots__ = ("_all", "_fields", "_labels", "identity", "prefix", "trigger", "wanted_labels", "whole")

    def __init__(self, scheme: Scheme, namespace: str, label_selector: str, field_selector: str) -> None:
        self._labels = labels.parse(label_selector)
        self._fields = fields.parse(field_selector)
        _check_fields(scheme, self._fields)
        self.prefix = scheme.root + (f"{namespace}/" if namespace else "")
        self.identity = (namespace, str(self._labels), self._fields)
        self.whole = self._labels.empty and not self._fields
        """Whether everything below the prefix is wanted."""
        self._all = not namespace and self.whole
        self.trigger: str | None = next(
            (term.value for term in self._fields if term.field == scheme.trigger and not term.negated), None
        )
        """The value that the kind's trigger field must have; None when any will do."""
        self.wanted_labels = [
            (requirement.key, requirement.values)
            for requirement in self._labels.requirements
            if requirement.operator is labels.Operator.IN
        ]
        """Labels that an object must have, each with one of some values."""

    def matches(self, item: Item) -> bool:
        """Whether the object is wanted."""
        if self._all:
            return True
        return (
            item.key.startswith(self.prefix)
            and all((item.fields[term.field] == term.value) is not term.negated for term in self._fields)
            and (self._labels.empty or self._labels.matches(item.labels))
        )


def _check_fields(scheme: Scheme, terms: tuple[fields.FieldTerm, ...]) -> None:
    unknown = [term.field for term in terms if term.field not in scheme.selectable]
    if unknown:
        known = ", ".join(sorted(scheme.selectable))
        raise Invalid(
            f"{scheme.plural} cannot be selected by {', '.join(unknown)}",
            [Violation.not_supported("field_selector", f"unknown field {name}: one of {known}") for name in unknown],
        )
