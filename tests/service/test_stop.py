"""Every service ends in good order on SIGTERM, also while what it needs is away."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.support.ports import free_port


async def start(service: str, *arguments: str) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", f"peapod.{service}", *arguments)
    return await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)


@pytest.mark.parametrize("service", ["scheduler", "controllers", "proxy", "dns", "gateway", "kubelet"])
async def test_a_service_whose_apiserver_is_away(service: str, tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    arguments = ["--apiserver", nobody, "--address", "127.0.0.1:0"]
    if service == "kubelet":
        arguments += ["--runtime", "hollow", "--root-dir", str(tmp_path)]
    process = await start(service, *arguments)
    assert process.stderr is not None
    assert await process.stderr.readline()
    process.terminate()
    assert await process.wait() == 0
    assert b"Traceback" not in await process.stderr.read()


async def test_an_apiserver_whose_store_is_away() -> None:
    process = await start("apiserver", "--store", f"etcd://127.0.0.1:{free_port()}", "--address", "127.0.0.1:0")
    assert process.stderr is not None
    assert await process.stderr.readline()
    process.terminate()
    assert await process.wait() == 0
    assert b"Traceback" not in await process.stderr.read()
