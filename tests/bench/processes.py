"""Servers under measurement: each a process of its own, on loopback, gone when the block ends."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio

from peapod.common.channel import open_channel
from tests.support.ports import free_port


class Running:
    """A process that listens at `address`."""

    def __init__(self, pid: int, address: str) -> None:
        self.pid = pid
        self.address = address


@asynccontextmanager
async def running(module: str, arguments: Sequence[str], log: Path) -> AsyncGenerator[Running]:
    """Run `python -m module --address ... arguments`, and wait until its gRPC port accepts calls."""
    address = f"127.0.0.1:{free_port()}"
    command = (sys.executable, "-m", module, "--address", address, *arguments)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output)
    try:
        channel = open_channel(address)
        await channel.channel_ready()
        await channel.close()
        yield Running(process.pid, address)
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def apiserver(folder: Path, *flags: str) -> AsyncGenerator[Running]:
    """Run an apiserver on a new SQLite store."""
    arguments = ["--store", f"sqlite:///{folder}/bench-{os.urandom(4).hex()}.db", "--log-level", "warning", *flags]
    async with running("peapod.apiserver", arguments, folder / "apiserver.log") as server:
        yield server


@asynccontextmanager
async def echo(folder: Path) -> AsyncGenerator[Running]:
    """Run the bare echo server."""
    async with running("tests.bench.echo", [], folder / "echo.log") as server:
        yield server


def channel_to(server: Running) -> grpc.aio.Channel:
    """Open a channel to a running server."""
    return open_channel(server.address)
