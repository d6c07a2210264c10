"""Calls that begin with a target and go on as a conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeVar

from peapod.common.errors import Invalid, Violation

R = TypeVar("R", bound=Any)


async def first(requests: AsyncIterator[R]) -> R:
    """Take the first request, which has to be the one with the `target`; raise `Invalid` otherwise."""
    opening = await anext(requests, None)
    if opening is None or not opening.HasField("target"):
        raise Invalid("the first request names the target", [Violation.required("target")])
    return opening
