"""Which objects carry a label or a node's name: selections start from the few that can match, not from all."""

from __future__ import annotations

from collections.abc import Iterable

from peapod.common.watching.form import Item
from peapod.common.watching.selection import Selection

Term = tuple[str, str, str]
"""What is indexed: "label" or "field", its name, its value."""


class Index:
    """Keys of objects by their labels and by the kind's trigger field; an object must not change while it is in."""

    def __init__(self, trigger: str) -> None:
        self._trigger = trigger
        self._keys: dict[Term, set[str]] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._keys.clear()

    def add(self, item: Item) -> None:
        """Take an object in."""
        for term in self._terms(item):
            keys = self._keys.get(term)
            if keys is None:
                self._keys[term] = {item.key}
            else:
                keys.add(item.key)

    def remove(self, item: Item) -> None:
        """Take an object out that is in."""
        for term in self._terms(item):
            keys = self._keys[term]
            keys.discard(item.key)
            if not keys:
                del self._keys[term]

    def candidates(self, selection: Selection) -> set[str] | None:
        """Return keys that include all that the selection matches, or None when the index knows no bound."""
        bounds = [("label", key, values) for key, values in selection.wanted_labels]
        if selection.trigger is not None:
            bounds.append(("field", self._trigger, frozenset({selection.trigger})))
        found = [self._union(place, name, values) for place, name, values in bounds]
        return min(found, key=len, default=None)

    def _union(self, place: str, name: str, values: Iterable[str]) -> set[str]:
        return set().union(*(self._keys.get((place, name, value), ()) for value in values))

    def _terms(self, item: Item) -> Iterable[Term]:
        terms = [("label", key, value) for key, value in item.labels.items()]
        if self._trigger:
            terms.append(("field", self._trigger, item.fields[self._trigger]))
        return terms
