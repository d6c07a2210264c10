"""No thread and no connection outlives the one who asked for it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing

import pytest

from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.v1 import log_pb2
from tests.support.runtimes import PATIENCE, TestPod

pytestmark = pytest.mark.docker


def streams() -> set[threading.Thread]:
    names = ("docker-logs", "docker-events")
    return {thread for thread in threading.enumerate() if thread.name in names}


async def gone(threads: set[threading.Thread]) -> bool:
    """Wait for the threads' ends."""
    for thread in threads:
        await asyncio.to_thread(thread.join, PATIENCE)
    return not any(thread.is_alive() for thread in threads)


async def test_a_reader_that_leaves_a_silent_log_ends_its_thread(runtime: DockerRuntime, pod: TestPod) -> None:
    id = await pod.start("echo hello; sleep 1000")
    async with aclosing(runtime.logs(id, log_pb2.LogOptions(follow=True))) as log:
        assert await anext(log) == b"hello\n"
        threads = streams()
        assert len(threads) == 1
    assert await gone(threads)


async def test_a_cancelled_reader_of_a_busy_log_ends_its_thread(runtime: DockerRuntime, pod: TestPod) -> None:
    """Also when the thread waits for room, because nobody takes what it read."""
    id = await pod.start("yes 0123456789012345678901234567890123456789 | head -c 8000000; sleep 1000")
    reading = asyncio.Event()

    async def read_a_little() -> None:
        async with aclosing(runtime.logs(id, log_pb2.LogOptions(follow=True))) as log:
            await anext(log)
            reading.set()
            await asyncio.Event().wait()

    reader = asyncio.create_task(read_a_little())
    await asyncio.wait_for(reading.wait(), PATIENCE)
    threads = streams()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert await gone(threads)


@pytest.mark.parametrize("patience", [0, 0.3], ids=["while it connects", "while it reads"])
async def test_a_reader_that_never_gets_a_word_ends_its_thread(
    runtime: DockerRuntime, pod: TestPod, patience: float
) -> None:
    id = await pod.start("sleep 1000")
    log = runtime.logs(id, log_pb2.LogOptions(follow=True))
    waiting = asyncio.create_task(anext(log))
    await asyncio.sleep(patience)
    threads = streams()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert threads
    assert await gone(threads)


async def test_a_reader_of_changes_that_leaves_ends_its_thread(runtime: DockerRuntime) -> None:
    async with aclosing(runtime.changes()) as hints:
        assert await anext(hints) == ""
        threads = streams()
        assert len(threads) == 1
    assert await gone(threads)


async def test_a_closed_runtime_has_no_threads(node_name: str) -> None:
    runtime = DockerRuntime(node_name)
    before = set(threading.enumerate())
    await runtime.open()
    await asyncio.gather(runtime.list(), runtime.version(), runtime.stop("absent", 1), runtime.remove("absent"))
    hints = runtime.changes()
    assert await anext(hints) == ""
    threads = set(threading.enumerate()) - before
    assert len(threads) > 3
    await runtime.close()
    assert await gone({thread for thread in threads if thread.name.startswith("docker-")})
    await hints.aclose()
