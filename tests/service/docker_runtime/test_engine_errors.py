"""An engine that answers, and with errors alone: its words are passed on, and nothing is taken for gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.kubelet.runtime.docker.command import Command
from peapod.kubelet.runtime.runtime import ContainerGone, RuntimeUnavailable
from peapod.v1 import pod_pb2

WORDS = "the disk\nis on fire"


@pytest.fixture
async def status() -> list[int]:
    """The HTTP status with which the engine answers; the one element may be changed."""
    return [500]


@pytest.fixture
async def runtime(tmp_path: Path, status: list[int]) -> AsyncIterator[DockerRuntime]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        known = asked.endswith(b"/version")
        content = json.dumps({"ApiVersion": "1.41"} if known else {"message": WORDS}).encode()
        head = f"HTTP/1.1 {200 if known else status[0]} Said\r\nContent-Length: {len(content)}\r\nConnection: close"
        writer.write(f"{head}\r\n\r\n".encode() + content)
        await writer.drain()
        writer.close()

    path = tmp_path / "engine.sock"
    async with await asyncio.start_unix_server(answer, path):
        runtime = DockerRuntime("n1", engine=f"unix://{path}")
        yield runtime
        await runtime.close()


async def test_an_engine_in_trouble_is_unavailable(runtime: DockerRuntime) -> None:
    for call in (
        runtime.exec("c1", ["true"]),
        runtime.connect("c1", 80),
        runtime.images(),
        runtime.remove_image("i1"),
        runtime.image_disk(),
        runtime.ensure_image("127.0.0.1:1/web", pod_pb2.PULL_POLICY_NEVER),
        runtime.list(),
    ):
        with pytest.raises(RuntimeUnavailable, match="the Docker engine answered: the disk is on fire"):
            await call


@pytest.mark.parametrize(("answer", "error"), [(500, RuntimeUnavailable), (404, ContainerGone), (409, ContainerGone)])
async def test_a_command_that_the_engine_refuses_to_start(
    runtime: DockerRuntime, status: list[int], answer: int, error: type[Exception]
) -> None:
    """As when the container goes away between the two calls."""
    command = Command(runtime._engine, "e1", "c1", tty=False)
    status[0] = answer
    with pytest.raises(error, match="the disk is on fire"):
        await command.start()
    await command.kill()
