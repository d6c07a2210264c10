"""Servers under measurement: each a process of its own, on loopback, gone when the block ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio

from peapod.common.channel import open_channel
from tests.support.ports import free_port


class Running:
    """A process that listens at `address`."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self.process = process
        self.address = address

    def resident_bytes(self) -> int:
        """How much memory the process has in use."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the process is gone")


@asynccontextmanager
async def running(module: str, arguments: Sequence[str], log: Path) -> AsyncGenerator[Running]:
    """Run `python -m module --address ... arguments`, and wait until its gRPC port accepts calls."""
    address = f"127.0.0.1:{free_port()}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--address", address, *arguments], stdout=output, stderr=output
        )
    try:
        channel = open_channel(address)
        await channel.channel_ready()
        await channel.close()
        yield Running(process, address)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@asynccontextmanager
async def apiserver(folder: Path, store: str = "") -> AsyncGenerator[Running]:
    """Run an apiserver on a new SQLite store, or on the store given."""
    url = store or f"sqlite:///{folder}/bench-{os.urandom(4).hex()}.db"
    arguments = ["--store", url, "--log-level", "warning"]
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
