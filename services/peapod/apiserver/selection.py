"""Which objects of a kind a reader wants: a namespace, a label selector and a field selector, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from peapod.apiserver.keys import kind_prefix
from peapod.apiserver.resources.strategy import Strategy
from peapod.common import fields, labels
from peapod.common.errors import Invalid, Violation


class Selectable(Protocol):
    """What a selection looks at."""

    @property
    def key(self) -> str:
        """The object's key in the store."""
        ...

    @property
    def labels(self) -> Mapping[str, str]:
        """The object's labels."""
        ...

    @property
    def fields(self) -> Mapping[str, str]:
        """The object's selectable fields."""
        ...


class Selection:
    """A compiled selection; equal texts make equal `identity`, so that watchers can share one."""

    __slots__ = ("_all", "_fields", "_labels", "identity", "prefix", "trigger", "wanted_labels")

    def __init__(self, strategy: Strategy[Any], namespace: str, label_selector: str, field_selector: str) -> None:
        self._labels = labels.parse(label_selector)
        self._fields = fields.parse(field_selector)
        _check_fields(strategy, self._fields)
        self.prefix = kind_prefix(strategy.plural) + (f"{namespace}/" if namespace else "")
        self.identity = (namespace, str(self._labels), self._fields)
        self._all = not namespace and self._labels.empty and not self._fields
        self.trigger: str | None = next(
            (term.value for term in self._fields if term.field == strategy.trigger and not term.negated), None
        )
        """The value that the kind's trigger field must have; None when any will do."""
        self.wanted_labels = [
            (requirement.key, requirement.values)
            for requirement in self._labels.requirements
            if requirement.operator is labels.Operator.IN
        ]
        """Labels that an object must have, each with one of some values."""

    def matches(self, item: Selectable) -> bool:
        """Whether the object is wanted."""
        if self._all:
            return True
        return (
            item.key.startswith(self.prefix)
            and all((item.fields[term.field] == term.value) is not term.negated for term in self._fields)
            and (self._labels.empty or self._labels.matches(item.labels))
        )


def _check_fields(strategy: Strategy[Any], terms: tuple[fields.FieldTerm, ...]) -> None:
    unknown = [term.field for term in terms if term.field not in strategy.selectable]
    if unknown:
        known = ", ".join(sorted(strategy.selectable))
        raise Invalid(
            f"{strategy.plural} cannot be selected by {', '.join(unknown)}",
            [Violation("field_selector", f"unknown field {name}: one of {known}") for name in unknown],
        )
