"""The plain values of v1beta1: text, numbers, times, words, and resources counted in plain numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from peapod.codec.v1beta1.shapes import Entries, Report, Scalar, Shape, Slot, Values, kind_of, text
from peapod.common import quantity
from peapod.v1 import pod_pb2


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

_RESTART = {
    "always": pod_pb2.RESTART_POLICY_ALWAYS,
    "never": pod_pb2.RESTART_POLICY_NEVER,
    "onFailure": pod_pb2.RESTART_POLICY_ON_FAILURE,
}


def _take_restart_policy(value: object) -> int:
    order = {name.lower(): number for name, number in _RESTART.items()}
    given = _restart_words(value)
    for word in given:
        if word.lower() not in order:
            raise ValueError(f'must be one of {", ".join(_RESTART)}; "{word}" is not')
    return next((number for name, number in order.items() if name in {word.lower() for word in given}), 0)


def _restart_words(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, list):
        return [word for item in value for word in _restart_words(item)]
    if isinstance(value, dict):
        for word, content in value.items():
            if content not in (None, {}):
                raise ValueError(
                    f'must be an object such as {{"always": {{}}}}: there is nothing to say inside of {word}'
                )
        given = [text(word) for word, content in value.items() if content is not None]
        return given or [text(word) for word in value]
    raise ValueError(f'must be an object such as {{"always": {{}}}}, not {kind_of(value)}')


RESTART_POLICY = Scalar(
    _take_restart_policy,
    lambda number: {name: {} for name, known in _RESTART.items() if known == number},
    empty={},
)
"""Written as the one-key object; a bare word and a list of either are read too. The first of always, never and
onFailure that is there counts."""


def _amount(value: object) -> Decimal:
    refusal = "must be a plain number, without a suffix"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{refusal}, not {kind_of(value)}")
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f'{refusal}; "{value}" is not') from None
    if not amount.is_finite() or abs(amount) >= 2**63:
        raise ValueError(f"{refusal}; {value} is too large")
    return amount


def take_resource(name: str, value: object) -> str:
    """Make a quantity of a plain number: cores for "cpu", and what cannot be divided for all else."""
    amount = _amount(value)
    if name != "cpu" and amount != amount.to_integral_value():
        raise ValueError("must be a whole number")
    return quantity.canonical(format(amount, "f"))


def give_resource(name: str, value: str) -> str | int:
    """Write a quantity as v1beta1 does: cores as text, all else as a number."""
    if name != "cpu":
        return quantity.whole(value)
    cores = quantity.parse(value)
    return format(cores.normalize(), "f")


RESOURCES = Entries(take_resource, give_resource)


class Limit(Shape):
    """One resource limit as a whole number of its own: a positive one overrides the entry in the map."""

    def __init__(self, resource: str, per_unit: int) -> None:
        self._resource = resource
        self._per_unit = per_unit

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Set the entry of the map; 0 leaves it alone."""
        try:
            amount = whole(64)(value)
        except ValueError as wrong:
            report.problem(str(wrong))
            return
        if amount < 0:
            report.problem("must not be negative")
        elif amount > 0:
            slot.value[self._resource] = quantity.canonical(format(Decimal(amount) / self._per_unit, "f"))

    def write(self, slot: Slot) -> Any:
        """Write the map's entry in these units, rounded up."""
        if self._resource not in slot.value:
            return None
        count = quantity.milli if self._per_unit == 1000 else quantity.whole
        return count(slot.value[self._resource]) or None


MILLICORES = Limit("cpu", 1000)
BYTES = Limit("memory", 1)
