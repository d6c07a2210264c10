"""Batches: every item is done by itself, all at the same time, and has its own result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from peapod.common.errors import Invalid, PeapodError, Violation, to_item
from peapod.v1 import meta_pb2

MOST = 1000
"""Items in one batch."""

T = TypeVar("T")


def bounded(items: Sequence[T], field: str) -> Sequence[T]:
    """Return the items of a batch. Raises `Invalid` when they are too many."""
    if len(items) > MOST:
        problem = f"{len(items)} items are more than the {MOST} that one call may carry"
        raise Invalid(problem, [Violation.too_long(field, problem)])
    return items


async def each(items: Sequence[T], field: str, do: Callable[[T], Awaitable[int]]) -> list[meta_pb2.ItemResult]:
    """Do all items and collect their results, in order; `do` returns a resource version. Raises `Invalid`."""
    bounded(items, field)
    return await asyncio.gather(*(_one(item, do) for item in items))


async def _one(item: T, do: Callable[[T], Awaitable[int]]) -> meta_pb2.ItemResult:
    try:
        return meta_pb2.ItemResult(resource_version=await do(item))
    except PeapodError as error:
        return to_item(error)
