"""Commands inside containers, as tests run them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import NamedTuple, cast

from peapod.kubelet.runtime.runtime import Chunk, Execution, Runtime
from tests.support.runtimes import PATIENCE


class Ended(NamedTuple):
    """What a command did."""

    code: int
    stdout: bytes
    stderr: bytes


@asynccontextmanager
async def executing(
    runtime: Runtime, id: str, command: Sequence[str], *, stdin: bool = False, tty: bool = False
) -> AsyncIterator[Execution]:
    """Have a command run inside a container, and close it then."""
    execution = await runtime.exec(id, command, stdin=stdin, tty=tty)
    try:
        async with asyncio.timeout(PATIENCE):
            yield execution
    finally:
        await execution.close()


async def to_end(execution: Execution) -> Ended:
    """Read all that a command writes, and how it ends."""
    chunks = [chunk async for chunk in execution.output()]
    return Ended(await execution.wait(), _joined(chunks, stderr=False), _joined(chunks, stderr=True))


async def run(runtime: Runtime, id: str, script: str, *, input: bytes | None = None, tty: bool = False) -> Ended:
    """Run a shell script inside a container, with this input, to its end."""
    async with executing(runtime, id, ["/bin/sh", "-c", script], stdin=input is not None, tty=tty) as execution:
        feeding = asyncio.create_task(_feed(execution, input or b""))
        ended = await to_end(execution)
        await feeding
    return ended


@asynccontextmanager
async def reading(execution: Execution) -> AsyncIterator[AsyncIterator[Chunk]]:
    """Read what a command writes as far as one likes."""
    async with aclosing(cast("AsyncGenerator[Chunk, None]", execution.output())) as output:
        yield output


async def _feed(execution: Execution, input: bytes) -> None:
    await execution.write(input)
    await execution.end_input()


def _joined(chunks: Sequence[Chunk], *, stderr: bool) -> bytes:
    return b"".join(chunk.data for chunk in chunks if chunk.stderr is stderr)
