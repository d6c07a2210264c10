"""Plain values that all versions write alike: text, numbers, times, words, ports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from peapod.codec.engine.shapes import Entries, Report, Scalar, Shape, Slot, Values, kind_of, text


def same(value: Any) -> Any:
    """Write a value as it is."""
    return value


def boolean(value: object) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {kind_of(value)}")
    return value


def whole(bits: int) -> Callable[[object], int]:
    """Take whole numbers that fit so many bits, with a sign."""
    most = 2 ** (bits - 1)

    def take(value: object) -> int:
        if isinstance(value, float):
            raise ValueError("must be a whole number")
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"must be a number, not {kind_of(value)}")
        if not -most <= value < most:
            raise ValueError(f"must be a number between {-most} and {most - 1}")
        return value

    return take


TEXT = Scalar(text, same, empty="")
BOOL = Scalar(boolean, same, empty=False)
INT32 = Scalar(whole(32), same, empty=0)
INT64 = Scalar(whole(64), same, empty=0)
TEXTS = Values(TEXT)
LABELS = Entries(lambda _, value: text(value), lambda _, value: value)


class Time(Shape):
    """RFC 3339 in whole seconds of UTC; another zone is turned into it, and a fraction is cut off."""

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Set the time."""
        try:
            slot.value.CopyFrom(timestamp(value))
        except ValueError as wrong:
            report.problem(str(wrong))

    def write(self, slot: Slot) -> Any:
        """Write the time, cut to the second."""
        return rfc3339(slot.value) if slot.given else None


TIME = Time()


def timestamp(value: object) -> Timestamp:
    """Take an RFC 3339 time, cut to whole seconds; raise ValueError for anything else."""
    refusal = 'must be a time such as "2015-01-08T11:52:15Z"'
    if not isinstance(value, str) or len(value) < len("2015-01-08T11:52:15Z"):
        raise ValueError(refusal)
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(refusal)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(refusal) from None
    result = Timestamp()
    result.FromDatetime(moment.replace(microsecond=0))
    return result


def rfc3339(moment: Timestamp) -> str:
    """Write a time in whole seconds."""
    return Timestamp(seconds=moment.seconds).ToJsonString()


def words(names: Mapping[str, int], also: Mapping[str, int] | None = None, empty: str = "") -> Scalar:
    """Make the shape of an enum: `names` are written, those and `also` are read, in any case. "" is unset."""
    spelled = {name.lower(): number for name, number in {**(also or {}), **names}.items()}
    written = {number: name for name, number in names.items()}
    choice = ", ".join(names)

    def take(value: object) -> int:
        word = text(value)
        if word and word.lower() not in spelled:
            raise ValueError(f'must be one of {choice}; "{word}" is not')
        return spelled[word.lower()] if word else 0

    return Scalar(take, lambda number: written.get(number), empty=empty)


class PortReference(Shape):
    """A port by number or by name: a JSON number or JSON text, written in the form that it was read in."""

    empty = 0

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Set the one or the other."""
        try:
            if isinstance(value, str):
                slot.value.text = text(value)
            else:
                slot.value.number = whole(32)(value)
        except ValueError as wrong:
            report.problem(str(wrong))

    def write(self, slot: Slot) -> Any:
        """Write the one that is set."""
        form = slot.value.WhichOneof("value")
        return getattr(slot.value, form) if form else None


PORT = PortReference()
