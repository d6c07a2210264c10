"""Draws messages of the contract from their descriptors, so that a new field is tested without being named."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from peapod.common import quantity
from peapod.v1 import service_pb2

TEXT = st.text(max_size=8)
WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
SECONDS = st.integers(min_value=0, max_value=4_000_000_000)
QUANTITIES = ("limits", "requests", "capacity", "allocatable", "hard", "used", "max", "min")

PRESENT_WHEN_EMPTY = {
    "peapod.v1.Volume",
    "peapod.v1.Handler",
    "peapod.v1.ContainerState",
    "peapod.v1.Container.liveness_probe",
    "peapod.v1.Container.readiness_probe",
    "peapod.v1.Container.lifecycle",
    "peapod.v1.Lifecycle.post_start",
    "peapod.v1.Lifecycle.pre_stop",
    "peapod.v1.EndpointAddress.target_ref",
}
"""Messages and fields whose presence alone says something; elsewhere an empty message is no message."""

ONLY_ONE = {"peapod.v1.ServiceSpec.ports"}
"""Lists that hold one item by rule."""

WITH_WORDS = {
    "peapod.v1.ServiceSpec.type": [
        service_pb2.SERVICE_TYPE_UNSPECIFIED,
        service_pb2.SERVICE_TYPE_LOAD_BALANCER,
    ],
}
"""Enums of which versions have words for some values; they read the usual one as nothing."""

_NUMBERS = {
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_STRING: TEXT,
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=8),
}


def messages(kind: type[Message]) -> st.SearchStrategy[Any]:
    """Messages that say what a JSON of any version can: no empty parts, whole seconds, plain numbers."""
    return _message(kind.DESCRIPTOR)


@st.composite
def _message(draw: st.DrawFn, descriptor: Descriptor) -> Message:
    message: Any = GetMessageClass(descriptor)()
    if descriptor.full_name == "google.protobuf.Timestamp":
        message.seconds = draw(SECONDS)
        return message
    for field in _drawn_fields(draw, descriptor):
        _set(draw, message, field)
    if descriptor.full_name == "peapod.v1.ServicePort" and not message.target_port.text:
        _say_no_zero(message)
    return message


def _say_no_zero(port: Any) -> None:
    """A target port of 0 says no more than none."""
    if port.target_port.number == 0:
        port.ClearField("target_port")


def _drawn_fields(draw: st.DrawFn, descriptor: Descriptor) -> list[FieldDescriptor]:
    free = [field for field in descriptor.fields if not _choice(field)]
    chosen = [field for field in free if draw(st.booleans())]
    for choice in descriptor.oneofs:
        if len(choice.fields) > 1:
            options = [*choice.fields, *([] if descriptor.name == "IntOrString" else [None])]
            picked = draw(st.sampled_from(options))
            chosen += [picked] if picked else []
    return chosen + [field for field in free if field.name == "port" and field not in chosen]


def _choice(field: FieldDescriptor) -> bool:
    return field.containing_oneof is not None and len(field.containing_oneof.fields) > 1


def _set(draw: st.DrawFn, message: Any, field: FieldDescriptor) -> None:
    if field.message_type and field.message_type.GetOptions().map_entry:
        values = _plain(field.message_type.fields_by_name["value"])
        entries = _quantities() if field.name in QUANTITIES else st.dictionaries(TEXT, values, max_size=3)
        getattr(message, field.name).update(draw(entries))
    elif field.is_repeated:
        _fill(draw, getattr(message, field.name), field)
    elif field.message_type:
        value = draw(_message(field.message_type))
        if value.ListFields() or _counts_when_empty(field) or field.message_type.name == "Timestamp":
            getattr(message, field.name).CopyFrom(value)
    else:
        setattr(message, field.name, draw(_plain(field)))


def _fill(draw: st.DrawFn, items: Any, field: FieldDescriptor) -> None:
    if field.message_type:
        drawn = draw(st.lists(_message(field.message_type), max_size=2))
        if field.full_name in ONLY_ONE:
            drawn = [item for item in drawn if item.ListFields()][:1]
        names = draw(st.lists(WORDS, min_size=len(drawn), max_size=len(drawn), unique=True))
        for item, name in zip(drawn, names, strict=True):
            if field.name == "container_statuses":
                item.name = name
        items.extend(drawn)
    else:
        items.extend(draw(st.lists(_plain(field), max_size=2)))


def _plain(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.full_name in WITH_WORDS:
        return st.sampled_from(WITH_WORDS[field.full_name])
    if field.enum_type:
        return st.sampled_from([value.number for value in field.enum_type.values])
    return _NUMBERS[field.type]


@st.composite
def _quantities(draw: st.DrawFn) -> dict[str, str]:
    names = draw(st.lists(st.sampled_from(["cpu", "memory", "pods"]), unique=True))
    thousandths = {name: draw(st.integers(0, 10**12)) * (1 if name == "cpu" else 1000) for name in names}
    return {name: quantity.canonical(f"{amount}m") for name, amount in thousandths.items()}


def _counts_when_empty(field: FieldDescriptor) -> bool:
    return field.full_name in PRESENT_WHEN_EMPTY or (
        _choice(field) and field.containing_type.full_name in PRESENT_WHEN_EMPTY
    )


def with_plain_amounts(message: Any) -> Any:
    """The same message with its quantities as numbers without a suffix, which is all that v1beta1 keeps of them."""
    plain = type(message)()
    plain.CopyFrom(message)
    for field, value in plain.ListFields():
        if field.name in QUANTITIES and field.message_type.GetOptions().map_entry:
            value.update({name: str(quantity.parse(amount).normalize()) for name, amount in value.items()})
        elif field.message_type and not field.message_type.GetOptions().map_entry:
            for inner in value if field.is_repeated else [value]:
                inner.CopyFrom(with_plain_amounts(inner))
    return plain
