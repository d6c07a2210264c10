"""Resources counted in plain numbers: a map of them, and single limits with a key of their own."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from peapod.codec.engine.scalars import whole
from peapod.codec.engine.shapes import Entries, Report, Shape, Slot, kind_of
from peapod.common import quantity


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
