"""The stream of hints: one at once, and one for whatever happens to a container of the node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from peapod.kubelet.runtime.runtime import Runtime
from tests.conformance.runtimes.conftest import OpenRuntime
from tests.support.runtimes import PATIENCE, TestPod


async def hint_of(changes: AsyncIterator[str], uid: str) -> None:
    """Read hints up to one for this pod."""
    async with asyncio.timeout(PATIENCE):
        async for hint in changes:
            if hint == uid:
                return


async def test_the_first_hint_is_that_anything_may_have_changed(runtime: Runtime) -> None:
    async with asyncio.timeout(PATIENCE), aclosing(runtime.changes()) as changes:
        assert await anext(changes) == ""


async def test_start_and_exit_and_removal_are_hinted(runtime: Runtime, pod: TestPod) -> None:
    async with aclosing(runtime.changes()) as changes:
        assert await anext(changes) == ""
        id = await pod.start("read line")
        await hint_of(changes, pod.uid)
        await runtime.stop(id, 0)
        await hint_of(changes, pod.uid)
        await runtime.remove(id)
        await hint_of(changes, pod.uid)


async def test_every_reader_gets_the_hints(runtime: Runtime, pod: TestPod) -> None:
    async with aclosing(runtime.changes()) as one, aclosing(runtime.changes()) as other:
        assert [await anext(one), await anext(other)] == ["", ""]
        await pod.start("true")
        await asyncio.gather(hint_of(one, pod.uid), hint_of(other, pod.uid))


async def test_another_nodes_changes_are_not_hinted(
    open_runtime: OpenRuntime, runtime: Runtime, pod: TestPod, node_name: str
) -> None:
    stranger = TestPod(await open_runtime(f"{node_name}-other"), pod.image)
    async with aclosing(runtime.changes()) as changes:
        assert await anext(changes) == ""
        await stranger.start("true")
        await pod.start("true")
        async with asyncio.timeout(PATIENCE):
            assert await anext(changes) in (pod.uid, "")


async def test_a_cancelled_reader_leaves_the_stream(runtime: Runtime) -> None:
    reached = asyncio.Event()

    async def read() -> None:
        async with aclosing(runtime.changes()) as changes:
            async for _ in changes:
                reached.set()

    reader = asyncio.create_task(read())
    await asyncio.wait_for(reached.wait(), PATIENCE)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(reader, PATIENCE)
