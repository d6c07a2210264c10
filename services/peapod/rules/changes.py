"""Where two messages differ, as the paths of the fields that do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message

from peapod.common import quantity

_QUANTITIES = frozenset({"limits", "requests"})
# A port by number and one by name are two values of one field.
_LEAVES = frozenset({"IntOrString"})


def changed_fields(new: Message, old: Message, path: str) -> Iterator[str]:
    """Find what differs between two messages of a type, as deep as it can be said.

    A list that has grown or shrunk is named as a whole. A part that is there and empty is as good as none, unless it
    chooses between several. Amounts are compared by what they mean, since old API versions write 64Mi in bytes.
    """
    for field in new.DESCRIPTOR.fields:
        place = f"{path}.{field.name}"
        ours, theirs = getattr(new, field.name), getattr(old, field.name)
        if field.message_type and field.message_type.GetOptions().map_entry:
            yield from _changed_entries(ours, theirs, place, field.name in _QUANTITIES)
        elif field.is_repeated:
            yield from _changed_items(ours, theirs, place, field)
        elif field.message_type:
            yield from _changed_part(new, old, place, field)
        elif ours != theirs or (field.has_presence and new.HasField(field.name) != old.HasField(field.name)):
            yield place


def _changed_entries(new: Any, old: Any, path: str, amounts: bool) -> Iterator[str]:
    for key in sorted({*new, *old}):
        both = key in new and key in old
        if not both or (_amount(new[key]) != _amount(old[key]) if amounts else new[key] != old[key]):
            yield f"{path}[{key}]"


def _changed_items(new: Any, old: Any, path: str, field: Any) -> Iterator[str]:
    if len(new) != len(old):
        yield path
        return
    for index, (ours, theirs) in enumerate(zip(new, old, strict=True)):
        if field.message_type:
            yield from changed_fields(ours, theirs, f"{path}[{index}]")
        elif ours != theirs:
            yield f"{path}[{index}]"


def _changed_part(new: Message, old: Message, path: str, field: Any) -> Iterator[str]:
    ours, theirs = getattr(new, field.name), getattr(old, field.name)
    if field.message_type.name in _LEAVES:
        if ours != theirs:
            yield path
    elif field.containing_oneof and new.WhichOneof(field.containing_oneof.name) != field.name:
        # Of two choices the new one is told; the old one only where nothing was chosen instead.
        if old.HasField(field.name) and not new.WhichOneof(field.containing_oneof.name):
            yield path
    elif new.HasField(field.name) == old.HasField(field.name):
        yield from changed_fields(ours, theirs, path)
    elif field.containing_oneof or any(True for _ in changed_fields(ours, theirs, path)):
        yield path


def _amount(text: str) -> object:
    try:
        return quantity.parse(text)
    except ValueError:
        # Validation names what cannot be read.
        return text
