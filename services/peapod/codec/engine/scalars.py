"""Plain values that all versions write alike: text, numbers, times, words, ports."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from peapod.codec.engine.many import Entries, Values
from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report, Unsupported
from peapod.codec.engine.shapes import ANY, Scalar, text
from peapod.codec.engine.table import Reader, Schema, Shape, Writer, kind_of


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


TEXT = Scalar(text, empty="")
BOOL = Scalar(boolean, empty=False, written=Schema("boolean"))
INT32 = Scalar(whole(32), empty=0, written=Schema("integer", "int32"))
INT64 = Scalar(whole(64), empty=0, written=Schema("integer", "int64"))
TEXTS = Values(TEXT)
LABELS = Entries(lambda _, value: text(value), lambda _, value: value)


class Time(Shape):
    """RFC 3339 in whole seconds of UTC; another zone is turned into it, and a fraction is cut off."""

    schema = Schema("string", "date-time")

    def reader(self, place: Place) -> Reader:
        """Set the time."""
        value_of = place.made_value_of

        def read(value: Any, message: Any, _: Report) -> None:
            value_of(message).CopyFrom(timestamp(value))

        return read

    def writer(self, place: Place) -> Writer:
        """Write the time, cut to the second."""
        owner_of, value_of, name = place.owner_of, place.value_of, place.name
        return lambda message: rfc3339(value_of(message).seconds) if owner_of(message).HasField(name) else None


TIME = Time()
_FIRST, _LAST = -62_135_596_800, 253_402_300_799


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
    return Timestamp(seconds=int(moment.replace(microsecond=0).timestamp()))


@lru_cache(maxsize=4096)
def rfc3339(seconds: int) -> str:
    """Write a time that is so many seconds after 1970; the times of one object are often the same.

    What no calendar has, beyond the years 1 to 9999, is written as the nearest that it has.
    """
    seconds = max(_FIRST, min(_LAST, seconds))
    return "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}Z".format(*time.gmtime(seconds))


def words(names: Mapping[str, int], also: Mapping[str, int] | None = None, empty: Any = "") -> Scalar:
    """Make the shape of an enum: `names` are written, those and `also` are read, in any case. "" is unset."""
    spelled = {name.lower(): number for name, number in {**(also or {}), **names}.items()}
    written = {number: name for name, number in names.items()}
    choice = ", ".join(names)

    def take(value: object) -> int:
        word = text(value)
        if word and word.lower() not in spelled:
            raise Unsupported(f'must be one of {choice}; "{word}" is not')
        return spelled[word.lower()] if word else 0

    return Scalar(take, written.get, empty=empty)


class PortReference(Shape):
    """A port by number or by name: a JSON number or JSON text, written in the form that it was read in."""

    empty = 0
    schema = ANY

    def reader(self, place: Place) -> Reader:
        """Set the one or the other."""
        value_of, number = place.made_value_of, whole(32)

        def read(value: Any, message: Any, _: Report) -> None:
            if isinstance(value, str):
                taken = text(value)
                value_of(message).text = taken
            else:
                taken_number = number(value)
                value_of(message).number = taken_number

        return read

    def writer(self, place: Place) -> Writer:
        """Write the one that is set."""
        value_of = place.value_of

        def write(message: Any) -> Any:
            port = value_of(message)
            form = port.WhichOneof("value")
            return getattr(port, form) if form else None

        return write


PORT = PortReference()
