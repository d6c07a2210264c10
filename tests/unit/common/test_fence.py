"""Fences as they are written and read."""

from __future__ import annotations

from peapod.common.fence import Fence


def test_a_fence_is_read_as_it_was_written() -> None:
    fence = Fence("scheduler", 3)
    assert str(fence) == "scheduler/3"
    assert Fence.parse("scheduler/3") == fence
