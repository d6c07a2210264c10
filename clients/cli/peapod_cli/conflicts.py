"""Changes of objects that others change at the same time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from peapod.common.errors import Conflict

TRIES = 20
"""How often a change is tried anew on an object that others keep changing."""

T = TypeVar("T")


def until_stored(change: Callable[[], T], *, once: bool = False) -> T:
    """Do what reads an object and stores it changed, anew while others are faster.

    Raises `Conflict` when they always are; at the first time when the change is only meant `once`, for the very
    version of the object that was asked for.
    """
    for _ in range(0 if once else TRIES - 1):
        try:
            return change()
        except Conflict:
            continue
    return change()
