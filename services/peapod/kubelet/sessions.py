"""What a caller and a container say to one another, while a command or a connection is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

from peapod.common import process
from peapod.kubelet.runtime.runtime import Execution
from peapod.v1.exec_pb2 import ExecInput, ExecOutput

PIECE = 64 * 1024
"""Bytes of a connection that are passed on at once, at most."""


async def converse(execution: Execution, inputs: AsyncIterator[ExecInput]) -> AsyncGenerator[ExecOutput, None]:
    """Pass input to a command and its output back, the exit code last; kill it when the caller goes away."""
    feeding = asyncio.create_task(_feed(execution, inputs), name="exec input")
    try:
        async for chunk in execution.output():
            yield ExecOutput(stderr=chunk.data) if chunk.stderr else ExecOutput(stdout=chunk.data)
        yield ExecOutput(exit_code=await execution.wait())
    finally:
        try:
            await process.end(feeding)
        finally:
            # Whoever is cancelled twice, by its caller and by a server that stops, kills the command all the same.
            await execution.close()


async def _feed(execution: Execution, inputs: AsyncIterator[ExecInput]) -> None:
    async for item in inputs:
        match item.WhichOneof("input"):
            case "stdin":
                await execution.write(item.stdin)
            case "size":
                await execution.resize(item.size.columns, item.size.rows)
            case "end":
                await execution.end_input()
    await execution.end_input()


async def forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pieces: AsyncIterator[bytes]
) -> AsyncGenerator[bytes, None]:
    """Pass bytes to and fro on an open connection, until the far side has closed its half; then close it whole.

    An empty first piece says that the connection stands.
    """
    sending = asyncio.create_task(_send(writer, pieces), name="forward")
    try:
        yield b""
        with suppress(ConnectionError):
            while data := await reader.read(PIECE):
                yield data
    finally:
        # First of all, as anything that waits here may be cancelled once more.
        writer.close()
        await process.end(sending)
        with suppress(OSError):
            await writer.wait_closed()


async def _send(writer: asyncio.StreamWriter, pieces: AsyncIterator[bytes]) -> None:
    with suppress(ConnectionError):
        async for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
