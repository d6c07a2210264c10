"""Resources as quantities: text such as "250m" and "64Mi", written as it was stored."""

from __future__ import annotations

from peapod.codec.engine.many import Entries
from peapod.codec.engine.shapes import text
from peapod.codec.engine.table import kind_of
from peapod.common import quantity


def take_quantity(_: str, value: object) -> str:
    """Read a quantity, which may be a plain number too; raise ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f'must be a quantity such as "250m" or "64Mi", not {kind_of(value)}')
    return quantity.canonical(text(str(value)))


QUANTITIES = Entries(take_quantity, lambda _, value: value)
