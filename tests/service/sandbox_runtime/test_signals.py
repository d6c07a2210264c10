"""How a container's processes end, and that nothing of them stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from peapod.kubelet.runtime.runtime import Mount
from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from tests.support.runtimes import TestPod, find, read_log, until_exited, until_ready


async def test_a_program_that_knows_no_sigterm_ends_by_it(runtime: SandboxRuntime, pod: TestPod) -> None:
    id = await pod.start(command=["/bin/sleep", "1000"])
    await runtime.stop(id, 20)
    seen = await find(runtime, id)
    assert seen is not None
    assert seen.exit_code == 128 + 15


@pytest.mark.parametrize(("name", "code"), [("KILL", 137), ("SEGV", 139), ("TERM", 143)])
async def test_a_signal_from_inside_is_the_exit_code(
    runtime: SandboxRuntime, pod: TestPod, name: str, code: int
) -> None:
    assert (await until_exited(runtime, await pod.start(f"kill -{name} $$"))).exit_code == code


async def test_a_signal_to_its_whole_group_stays_inside(runtime: SandboxRuntime, pod: TestPod) -> None:
    """Shell scripts do that to end their children; the supervisor must not be among them."""
    seen = await until_exited(runtime, await pod.start("trap 'exit 8' TERM; sleep 1000 & kill 0; wait"))
    assert (seen.exit_code, seen.reason) == (8, "")


async def test_what_the_program_leaves_behind_ends_with_it(
    runtime: SandboxRuntime, pod: TestPod, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "held")
    held = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    script = "setsid sleep 1000 > /pipe/held 2>&1 & echo gone > /pipe/held"
    seen = await until_exited(runtime, await pod.start(script, mounts=[Mount(str(tmp_path), "/pipe")]))
    assert seen.exit_code == 0
    assert os.read(held, 100) == b"gone\n"
    assert os.read(held, 100) == b""
    os.close(held)


async def test_stop_waits_for_all_of_it(runtime: SandboxRuntime, pod: TestPod) -> None:
    id = await pod.start("trap 'sleep 0.3; echo bye; exit 0' TERM; echo ready; while :; do sleep 1000 & wait; done")
    await until_ready(runtime, id)
    await runtime.stop(id, 20)
    assert await read_log(runtime, id) == "ready\nbye\n"
