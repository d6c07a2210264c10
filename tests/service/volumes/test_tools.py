"""The system's programs as volumes call them: what they say, and that none outlives its caller."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import psutil
import pytest

from peapod.kubelet.volumes.threads import in_thread
from peapod.kubelet.volumes.tools import ToolError, run
from peapod.kubelet.volumes.volume import VolumeError

PATIENCE = 30.0


async def test_what_a_program_prints_comes_back(tmp_path: Path) -> None:
    assert await run("sh", "-c", "pwd; echo $WORD", cwd=tmp_path, env={"WORD": "hello"}) == f"{tmp_path}\nhello\n"


async def test_a_program_fails_in_its_own_words() -> None:
    with pytest.raises(ToolError, match=r"^no such thing$") as failed:
        await run("sh", "-c", "echo > /dev/stderr; echo no such thing >&2; echo and more >&2; exit 3")
    assert failed.value.status == 3
    with pytest.raises(ToolError, match=r"^false failed$"):
        await run("false")


async def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(VolumeError, match=r"^no-such-tool is not installed on this node$"):
        await run("no-such-tool")


async def test_a_program_gets_no_input() -> None:
    assert await run("cat") == ""


CALLER = """
import asyncio, sys
from peapod.kubelet.volumes.tools import run
asyncio.run(run("sh", "-c", "echo $$ > " + sys.argv[1] + "; exec sleep 600"))
"""


async def test_a_program_dies_with_the_kubelet(tmp_path: Path) -> None:
    fifo = tmp_path / "pid"
    await run("mkfifo", fifo)
    caller = await asyncio.create_subprocess_exec(sys.executable, "-c", CALLER, str(fifo))
    try:
        child = psutil.Process(int(await asyncio.to_thread(fifo.read_text)))
    finally:
        caller.send_signal(signal.SIGKILL)
        await caller.wait()
    await asyncio.to_thread(child.wait, PATIENCE)


async def test_who_is_cancelled_leaves_when_its_call_is_done(tmp_path: Path) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def call() -> None:
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(PATIENCE)
        (tmp_path / "done").touch()

    caller = asyncio.create_task(in_thread(call))
    await started.wait()
    caller.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert (tmp_path / "done").exists()
