"""The DNS as a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from peapod.common import health
from peapod.common.channel import open_channel
from peapod.v1.version_service_pb2 import GetVersionRequest
from peapod.v1.version_service_rpc import VersionServiceClient
from tests.support.ports import free_port


async def start(*flags: str) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "peapod_cli", "dns", *flags)
    return await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)


async def test_it_tells_how_it_is_without_an_apiserver_and_stops_on_a_signal(tmp_path: Path) -> None:
    place, nobody = f"unix:{tmp_path}/dns.sock", f"127.0.0.1:{free_port()}"
    process = await start("--address", "127.0.0.1:0", "--grpc-address", place, "--apiserver", nobody)
    assert await asyncio.to_thread(health.problem, place, wait_seconds=20) == ""
    async with open_channel(place) as channel:
        version = await VersionServiceClient(channel).get_version(GetVersionRequest())
    assert version.service == "dns"
    process.send_signal(signal.SIGTERM)
    _, errors = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in errors


@pytest.mark.parametrize(
    ("flags", "status", "said"),
    [
        (["--address", "0.0.0.0:0"], 1, "--allow-insecure permits it"),
        (["--address", "localhost:53"], 2, "--address 'localhost:53': must be an IP address and a port"),
        (["--upstream", "somewhere"], 2, "--upstream: 'somewhere' is no IP address"),
        (["--address", "127.0.0.1:0", "--grpc-address", "nowhere"], 1, "'nowhere' is not of the form host:port"),
        (
            ["--address", "203.0.113.99:0", "--allow-insecure"],
            1,
            "cannot listen on 203.0.113.99:0 over TCP: cannot assign",
        ),
    ],
)
async def test_what_cannot_work_is_said_in_one_line(flags: list[str], status: int, said: str) -> None:
    process = await start(*flags)
    _, errors = await process.communicate()
    assert process.returncode == status
    assert said in errors.decode()
    assert len(errors.decode().splitlines()) == 1, errors.decode()
