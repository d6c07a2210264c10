"""Servers under measurement: each a process of its own, on loopback, gone when the block ends."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio

from peapod.common.channel import open_channel
from tests.support.service_process import ServiceProcess, running


@asynccontextmanager
async def apiserver(folder: Path, *flags: str) -> AsyncGenerator[ServiceProcess]:
    """Run an apiserver on a new SQLite store."""
    arguments = ["--store", f"sqlite:///{folder}/bench-{os.urandom(4).hex()}.db", "--log-level", "warning", *flags]
    async with running("peapod.apiserver", arguments, folder / "apiserver.log") as server:
        yield server


@asynccontextmanager
async def echo(folder: Path) -> AsyncGenerator[ServiceProcess]:
    """Run the bare echo server."""
    async with running("tests.bench.echo", [], folder / "echo.log") as server:
        yield server


def channel_to(server: ServiceProcess) -> grpc.aio.Channel:
    """Open a channel to a running server."""
    return open_channel(server.address)


def cpu_seconds(pid: int) -> float:
    """How much processor time a process has used so far, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
