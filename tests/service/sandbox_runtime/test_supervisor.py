"""The supervisor: it outlives the kubelet, its death is the container's, and it is small."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import psutil

from peapod.kubelet.runtime.runtime import Observed, Phase
from peapod.kubelet.runtime.sandbox import record
from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime, supervise
from tests.service.sandbox_runtime.conftest import OpenRuntime, folder_of, names_in
from tests.support.runtimes import PATIENCE, TestPod, find, read_log, until_exited

FOREVER = "trap 'exit 3' TERM; echo ready; while :; do sleep 1000 & wait; done"
MANY = 20
MOST_MEMORY = 10 * 1024 * 1024


def started(runtime: SandboxRuntime, root: Path, id: str) -> dict[str, int]:
    """Read what the supervisor wrote of the start."""
    fields = record.read(str(folder_of(root, id) / record.STARTED))
    assert fields is not None
    return {key: int(value) for key, value in fields.items()}


def supervisor(runtime: SandboxRuntime, root: Path, id: str) -> psutil.Process:
    return psutil.Process(started(runtime, root, id)["pid"])


def assert_lost(seen: Observed) -> None:
    assert (seen.phase, seen.exit_code, seen.reason) == (Phase.EXITED, 137, record.LOST)
    assert "supervisor" in seen.message
    assert seen.started_at is not None
    assert seen.finished_at is not None
    assert seen.started_at <= seen.finished_at


async def test_killing_the_supervisor_ends_the_container(runtime: SandboxRuntime, pod: TestPod, root: Path) -> None:
    id = await pod.start(FOREVER)
    inside = psutil.Process(started(runtime, root, id)["init"]).children(recursive=True)
    supervisor(runtime, root, id).kill()
    seen = await until_exited(runtime, id)
    assert_lost(seen)
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in inside)
    assert await find(runtime, id) == seen


async def test_killing_bubblewrap_ends_the_container(runtime: SandboxRuntime, pod: TestPod, root: Path) -> None:
    id = await pod.start(FOREVER)
    (bubblewrap,) = supervisor(runtime, root, id).children()
    inside = bubblewrap.children(recursive=True)
    bubblewrap.kill()
    assert (await until_exited(runtime, id)).exit_code == 137
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in inside)


async def test_a_supervisor_that_was_killed_while_no_kubelet_ran(
    make: OpenRuntime, runtime: SandboxRuntime, pod: TestPod, root: Path
) -> None:
    id = await pod.start(FOREVER)
    await runtime.close()
    victim = supervisor(runtime, root, id)
    victim.kill()
    psutil.wait_procs([victim], timeout=PATIENCE)
    successor = make()
    await successor.open()
    assert_lost(await until_exited(successor, id))
    assert await pod.start(FOREVER) == id


async def test_containers_outlive_a_killed_kubelet(make: OpenRuntime, root: Path) -> None:
    """The kubelet and all of its process group die; a successor finds the container running, and stops it."""
    kubelet = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(KUBELET), root, FOREVER, stdout=subprocess.PIPE, start_new_session=True
    )
    assert kubelet.stdout is not None
    id = (await kubelet.stdout.readline()).decode().strip()
    os.killpg(kubelet.pid, signal.SIGKILL)
    await kubelet.wait()
    successor = make()
    await successor.open()
    seen = await find(successor, id)
    assert seen is not None
    assert seen.phase is Phase.RUNNING
    async with aclosing(successor.changes()) as changes:
        assert await anext(changes) == ""
        await successor.stop(id, PATIENCE)
        assert await anext(changes) == seen.name.uid
    seen = await find(successor, id)
    assert seen is not None
    assert (seen.phase, seen.exit_code) == (Phase.EXITED, 3)


KUBELET = """
    import asyncio, sys
    from pathlib import Path
    from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
    from tests.support.runtimes import TestPod, until_ready

    async def main():
        runtime = SandboxRuntime("node", Path(sys.argv[1]))
        await runtime.open()
        id = await TestPod(runtime, "host").start(sys.argv[2])
        await until_ready(runtime, id)
        print(id, flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())
"""


async def test_a_container_that_was_made_and_never_started_is_started(
    runtime: SandboxRuntime, pod: TestPod, root: Path
) -> None:
    """A kubelet can die between the two."""
    launch = pod.launch("exit 4")
    made = runtime._find_or_create(launch)
    seen = await find(runtime, made.id)
    assert seen is not None
    assert (seen.phase, seen.started_at) == (Phase.CREATED, None)
    await runtime.stop(made.id, 1)
    assert await runtime.start(launch) == made.id
    assert (await until_exited(runtime, made.id)).exit_code == 4


def leave(folder: Path) -> None:
    (folder / "left/layer").mkdir(parents=True)


async def test_what_a_crash_left_half_made_or_half_removed_is_swept_away(
    make: OpenRuntime, runtime: SandboxRuntime, root: Path
) -> None:
    for place in ("coming", "going"):
        leave(root / "nodes/node" / place)
    successor = make()
    await successor.open()
    assert await successor.list() == []
    assert names_in(root / "nodes/node/coming") == names_in(root / "nodes/node/going") == []


async def test_two_supervisors_start_a_container_once(runtime: SandboxRuntime, pod: TestPod, root: Path) -> None:
    """A kubelet that lost track may start a second one: it sees the first and goes."""
    container = runtime._find_or_create(pod.launch("echo run; read line"))
    words = await asyncio.gather(*(asyncio.to_thread(supervise, runtime._bwrap, container, 1024) for _ in range(2)))
    assert words == ["", ""]
    assert await pod.start("echo run; read line") == container.id
    await until_exited(runtime, container.id)
    assert await read_log(runtime, container.id) == "run\n"


async def test_many_containers_start_quickly_and_their_supervisors_are_small(
    runtime: SandboxRuntime, root: Path, record_property: Callable[[str, float], None]
) -> None:
    begin = time.monotonic()
    ids = await asyncio.gather(*(TestPod(runtime, "host").start(FOREVER) for _ in range(MANY)))
    seconds = (time.monotonic() - begin) / MANY
    memory = [supervisor(runtime, root, id).memory_info().rss for id in ids]
    record_property("seconds_per_start", seconds)
    record_property("bytes_per_supervisor", max(memory))
    assert max(memory) < MOST_MEMORY
    await asyncio.gather(*(runtime.remove(id) for id in ids))
    assert await runtime.list() == []
