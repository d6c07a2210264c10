"""A log on disk: bounded, followed across rotations, and harmless on a full disk."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from peapod.kubelet.runtime.runtime import Mount, Phase
from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from peapod.v1 import log_pb2
from tests.service.sandbox_runtime.conftest import OpenRuntime, folder_of
from tests.support.runtimes import PATIENCE, TestPod, read_log, until_exited

LIMIT = 512 * 1024
"""More than what the lines of one read, 64 KiB of them, are with their stamps."""
TEXT = "x" * 99


def sizes(root: Path, id: str) -> list[int]:
    return [path.stat().st_size for path in folder_of(root, id).glob("log*")]


async def test_a_log_is_bounded_and_keeps_the_newest(make: OpenRuntime, root: Path) -> None:
    runtime = make(log_limit=LIMIT)
    await runtime.open()
    id = await TestPod(runtime, "host").start("i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done")
    await until_exited(runtime, id)
    lines = (await read_log(runtime, id)).splitlines()
    numbers = [int(line.split()[1]) for line in lines]
    assert numbers == list(range(30_000 - len(numbers), 30_000))
    assert len(sizes(root, id)) == 2
    assert max(sizes(root, id)) <= LIMIT
    assert await read_log(runtime, id, tail_lines=len(numbers) - 1) == "".join(f"{line}\n" for line in lines[1:])


async def test_a_follower_misses_nothing_over_rotations(make: OpenRuntime, tmp_path: Path) -> None:
    """The container waits until its lines were read, for a reader that is slower than two rotations misses some."""
    runtime = make(log_limit=1024)
    await runtime.open()
    await asyncio.to_thread(os.mkfifo, tmp_path / "more")
    batch = "for j in 1 2 3 4 5 6 7 8 9; do echo $i$j a line; done"
    script = f"for i in 1 2 3 4 5 6 7 8; do {batch}; until read x < /m/more; do :; done; done"
    id = await TestPod(runtime, "host").start(script, mounts=[Mount(str(tmp_path), "/m")])
    got = b""
    async with asyncio.timeout(PATIENCE), aclosing(runtime.logs(id, log_pb2.LogOptions(follow=True))) as log:
        async for chunk in log:
            got += chunk
            if chunk.endswith(b"9 a line\n"):
                await asyncio.to_thread((tmp_path / "more").write_text, "go\n")
    assert got.decode() == "".join(f"{i}{j} a line\n" for i in range(1, 9) for j in range(1, 10))


async def test_a_follower_ends_when_the_container_is_removed(runtime: SandboxRuntime, pod: TestPod) -> None:
    id = await pod.start("echo here; sleep 1000")
    async with asyncio.timeout(PATIENCE), aclosing(runtime.logs(id, log_pb2.LogOptions(follow=True))) as log:
        got = [await anext(log)]
        await runtime.remove(id)
        got += [chunk async for chunk in log]
    assert b"".join(got) == b"here\n"


async def test_many_followers_of_one_container(runtime: SandboxRuntime, pod: TestPod) -> None:
    id = await pod.start("for i in 1 2 3; do echo $i; sleep 0.1; done")
    logs = await asyncio.gather(*(read_log(runtime, id, follow=True) for _ in range(10)))
    assert set(logs) == {"1\n2\n3\n"}


@pytest.fixture
def small_disk(root: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    disk = root / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


async def test_a_full_disk_costs_log_lines_and_nothing_else(small_disk: Path, tmp_path: Path) -> None:
    """The container is not stopped, its end is recorded, and the log says what it lost once there is room."""
    runtime = SandboxRuntime("node", small_disk)
    await runtime.open()
    for name in ("full", "more"):
        await asyncio.to_thread(os.mkfifo, tmp_path / name)
    ballast = await asyncio.to_thread(_fill, small_disk, 1024 * 1024)
    script = f"yes {TEXT} | head -c 3000000; echo > /m/full; read x < /m/more; echo end; exit 4"
    pod = TestPod(runtime, "host")
    try:
        id = await pod.start(script, mounts=[Mount(str(tmp_path), "/m")])
        await asyncio.to_thread((tmp_path / "full").read_bytes)
        await asyncio.to_thread(ballast.unlink)
        await asyncio.to_thread((tmp_path / "more").write_text, "go\n")
        seen = await until_exited(runtime, id)
        assert (seen.phase, seen.exit_code, seen.reason) == (Phase.EXITED, 4, "")
        lines = (await read_log(runtime, id)).splitlines()
        assert [line for line in lines if re.fullmatch(r"\[\d+ bytes of log were lost\]", line)] != []
        assert {line for line in lines if not line.startswith("[")} == {TEXT, "end"}
        assert lines[-1] == "end"
    finally:
        for container in await runtime.list():
            await runtime.remove(container.id)
        await runtime.close()


async def test_an_end_is_recorded_on_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    runtime = SandboxRuntime("node", small_disk)
    await runtime.open()
    await asyncio.to_thread(os.mkfifo, tmp_path / "more")
    pod = TestPod(runtime, "host")
    try:
        id = await pod.start("read x < /m/more; exit 4", mounts=[Mount(str(tmp_path), "/m")])
        await asyncio.to_thread(_fill, small_disk, 4 * 1024 * 1024)
        await asyncio.to_thread((tmp_path / "more").write_text, "go\n")
        assert (await until_exited(runtime, id)).exit_code == 4
    finally:
        for container in await runtime.list():
            await runtime.remove(container.id)
        await runtime.close()


def _fill(disk: Path, size: int) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.tell() < size:
                file.write(b"x" * 4096)
        except OSError:
            return ballast
    return ballast
