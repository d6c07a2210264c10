"""Resources counted in plain numbers: a map of them, and single limits with a key of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from peapod.codec.engine.many import Entries
from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report
from peapod.codec.engine.scalars import INT64, whole
from peapod.codec.engine.table import Reader, Schema, Shape, Writer, kind_of
from peapod.common import quantity

_REFUSAL = "must be a plain number, without a suffix"


def take_resource(name: str, value: object) -> str:
    """Make a quantity of a plain number: cores for "cpu", and what cannot be divided for all else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{_REFUSAL}, not {kind_of(value)}")
    return _quantity(str(value), name == "cpu")


@lru_cache(maxsize=1024)
def _quantity(number: str, divisible: bool) -> str:
    amount = _amount(number)
    if not divisible and amount != amount.to_integral_value():
        raise ValueError("must be a whole number")
    return quantity.canonical(format(amount, "f"))


def _amount(number: str) -> Decimal:
    try:
        amount = Decimal(number)
    except InvalidOperation:
        raise ValueError(f'{_REFUSAL}; "{number}" is not') from None
    if not amount.is_finite() or abs(amount) >= 2**63:
        raise ValueError(f"{_REFUSAL}; {number} is too large")
    return amount


@lru_cache(maxsize=1024)
def give_resource(name: str, value: str) -> str | int:
    """Write a quantity as v1beta1 does: cores as text, all else as a number."""
    if name != "cpu":
        return quantity.whole(value)
    cores = quantity.parse(value)
    return format(cores.normalize(), "f")


@lru_cache(maxsize=1024)
def _of_units(amount: int, per_unit: int) -> str:
    return quantity.canonical(format(Decimal(amount) / per_unit, "f"))


RESOURCES = Entries(take_resource, give_resource)


@dataclass(frozen=True)
class Limit(Shape):
    """One resource limit as a whole number of its own: a positive one overrides the entry in the map."""

    resource: str
    per_unit: int
    count: Callable[[str], int]
    """Reads a quantity in these units, rounded up."""
    empty: Any = 0

    @property
    def schema(self) -> Schema:
        """A whole number."""
        return INT64.schema

    def reader(self, place: Place) -> Reader:
        """Set the entry of the map; 0 leaves it alone."""
        limits_of, number = place.made_value_of, whole(64)

        def read(value: Any, message: Any, _: Report) -> None:
            amount = number(value)
            if amount < 0:
                raise ValueError("must not be negative")
            if amount:
                limits_of(message)[self.resource] = _of_units(amount, self.per_unit)

        return read

    def writer(self, place: Place) -> Writer:
        """Write the map's entry in these units."""
        limits_of, resource, count = place.value_of, self.resource, self.count

        def write(message: Any) -> Any:
            limits = limits_of(message)
            return count(limits[resource]) or None if resource in limits else None

        return write


MILLICORES = Limit("cpu", 1000, lru_cache(maxsize=1024)(quantity.milli))
BYTES = Limit("memory", 1, lru_cache(maxsize=1024)(quantity.whole))
