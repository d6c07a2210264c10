"""Protobuf by concatenation: messages are joined from bytes that were encoded once and are never decoded again.

Serialised messages concatenate: repeated fields append, single ones take the last value, embedded messages merge.
So an object gets its resource version by appending one, a list is a join of framed objects, and several watch
batches in a row are one batch. All kinds share the field numbers used here; `check_contract` proves it of each.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from peapod.v1 import meta_pb2

ADDED = meta_pb2.EVENT_TYPE_ADDED
MODIFIED = meta_pb2.EVENT_TYPE_MODIFIED
DELETED = meta_pb2.EVENT_TYPE_DELETED

_LENGTH_DELIMITED = 2
_METADATA, _RESOURCE_VERSION = 1, 4
_ITEMS, _EVENTS, _REVISION, _STORE_ID = 1, 1, 2, 3
_CHANGE_TYPE, _CHANGE_OBJECT = 1, 2


def varint(number: int) -> bytes:
    """Encode a number that is not negative."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _tag(field: int, kind: int) -> bytes:
    return varint(field << 3 | kind)


_FRAME = _tag(_ITEMS, _LENGTH_DELIMITED)
_CHANGE_OBJECT_TAG = _tag(_CHANGE_OBJECT, _LENGTH_DELIMITED)
_CHANGE_TYPE_FIELD = {kind: _tag(_CHANGE_TYPE, 0) + varint(kind) for kind in (ADDED, MODIFIED, DELETED)}
_METADATA_TAG = _tag(_METADATA, _LENGTH_DELIMITED)
_RESOURCE_VERSION_TAG = _tag(_RESOURCE_VERSION, 0)
_REVISION_TAG = _tag(_REVISION, 0)
_STORE_ID_TAG = _tag(_STORE_ID, _LENGTH_DELIMITED)


def versioned(stored: bytes, resource_version: int) -> bytes:
    """Append a resource version to a serialised object."""
    version = _RESOURCE_VERSION_TAG + varint(resource_version)
    return stored + _METADATA_TAG + varint(len(version)) + version


def framed(data: bytes) -> bytes:
    """Make `data` the value of field 1: the object of an answer, an item of a list, an event of a batch."""
    return _FRAME + varint(len(data)) + data


def change(kind: meta_pb2.EventType, data: bytes) -> bytes:
    """Make a framed XxxChange of an object."""
    return framed(_CHANGE_TYPE_FIELD[kind] + _CHANGE_OBJECT_TAG + varint(len(data)) + data)


def position(revision: int, store_id: str) -> bytes:
    """Make the fields of a list or of a watch batch that say where it is: at which revision of which store."""
    name = store_id.encode()
    return _REVISION_TAG + varint(revision) + _STORE_ID_TAG + varint(len(name)) + name


def check_contract(listing: type[Message], batch: type[Message]) -> None:
    """Raise TypeError unless a kind's list and watch messages have the field numbers that joining relies on."""
    change_type = _field(batch.DESCRIPTOR, "events", _EVENTS).message_type
    item_type = _field(listing.DESCRIPTOR, "items", _ITEMS).message_type
    for message in (listing, batch):
        _field(message.DESCRIPTOR, "revision", _REVISION)
        _field(message.DESCRIPTOR, "store_id", _STORE_ID)
    _field(change_type, "type", _CHANGE_TYPE)
    metadata = _field(item_type, "metadata", _METADATA).message_type
    _field(metadata, "resource_version", _RESOURCE_VERSION)
    if change_type.fields_by_number[_CHANGE_OBJECT].message_type is not item_type:
        raise TypeError(f"{change_type.full_name}: field {_CHANGE_OBJECT} is not a {item_type.full_name}")


def _field(message: Any, name: str, number: int) -> Any:
    field = message.fields_by_name.get(name)
    if field is None or field.number != number:
        raise TypeError(f"{message.full_name}.{name} must be field {number}")
    return field
