"""Documents of any version, drawn from the codec's own tables: right ones spelled oddly, and ones with anything in
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from peapod.codec.engine.many import Keyed, Objects
from peapod.codec.engine.table import Field
from peapod.codec.version import Version
from peapod.codec.versions import VERSIONS

FORMS = {
    f"{version.name}-{form.name}": (version, form) for version in VERSIONS.values() for form in version.kinds.values()
}
"""Every kind in every version, by a name for tests."""

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just("v1beta1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def oddly_spelled(draw: st.DrawFn, fields: Sequence[Field], document: dict[str, Any]) -> dict[str, Any]:
    """The same document with its keys in any case and order, by their other names, and one of each pair of twins."""
    odd: dict[str, Any] = {}
    for entry in draw(st.permutations(fields)):
        if entry.name in document:
            names = [entry.name, *entry.aliases, *([entry.twin] if entry.twin else [])]
            name = draw(st.sampled_from(names))
            value = document[entry.name]
            odd[draw(any_case(name))] = draw(_inside(entry, value)) if entry.shape.inside else value
    return odd


def any_case(name: str) -> st.SearchStrategy[str]:
    """A key in one of four cases."""
    return st.sampled_from([name, name.lower(), name.upper(), name[:1].upper() + name[1:]])


@st.composite
def _inside(draw: st.DrawFn, entry: Field, value: Any) -> Any:
    fields = entry.shape.inside
    if isinstance(entry.shape, Keyed) and isinstance(value, dict):
        return {key: draw(oddly_spelled(fields, item)) for key, item in value.items()}
    if isinstance(value, list):
        return [draw(oddly_spelled(fields, item)) for item in value]
    return draw(oddly_spelled(fields, value)) if isinstance(value, dict) else value


@st.composite
def anything(draw: st.DrawFn) -> Any:
    """A document of some kind and version whose parts have the names that parts have, and hold whatever."""
    version: Version = draw(st.sampled_from([*VERSIONS.values()]))
    kind = draw(st.sampled_from([*version.kinds, "Pod", "Pod"]))
    document = draw(_of_fields(version.kinds[kind].table.fields))
    return document | {"kind": kind, "apiVersion": version.name}


@st.composite
def _of_fields(draw: st.DrawFn, fields: Sequence[Field]) -> dict[str, Any]:
    chosen = draw(st.lists(st.sampled_from(fields), min_size=1, max_size=3, unique_by=lambda entry: entry.name))
    return {entry.name: draw(_of_field(entry)) for entry in chosen}


@st.composite
def _of_field(draw: st.DrawFn, entry: Field) -> Any:
    if not entry.shape.inside or draw(st.integers(0, 9)) == 0:
        return draw(JUNK)
    inside = draw(_of_fields(entry.shape.inside))
    if isinstance(entry.shape, Objects):
        return [inside]
    return {"key": inside} if isinstance(entry.shape, Keyed) else inside
