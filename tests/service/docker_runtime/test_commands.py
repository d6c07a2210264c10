"""Commands on a real engine, also when it is away, slow, or too far for its processes to be seen."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import docker
import pytest

from peapod.kubelet.runtime.docker import DockerRuntime, command, processes
from peapod.kubelet.runtime.runtime import Chunk, LaunchError, RuntimeUnavailable
from tests.service.docker_runtime.conftest import remove_all
from tests.support.engine_proxy import EngineProxy
from tests.support.executions import executing, reading, run, to_end
from tests.support.runtimes import PATIENCE, TestPod

pytestmark = pytest.mark.docker

READY = ["/bin/sh", "-c", "echo ready; sleep 98765"]


@pytest.fixture
async def runtime(node_name: str, proxy: EngineProxy, engine: docker.APIClient) -> AsyncIterator[DockerRuntime]:
    """One that reaches the engine through the proxy."""
    runtime = DockerRuntime(node_name, engine=proxy.address)
    await runtime.open()
    yield runtime
    await runtime.close()
    remove_all(engine, node_name)


@pytest.fixture
async def id(pod: TestPod) -> str:
    return await pod.start("sleep 1000000")


def sleepers(engine: docker.APIClient, id: str) -> int:
    """How many processes of the container are those of READY."""
    return sum("98765" in " ".join(process) for process in engine.top(id)["Processes"])


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_hundred_commands_at_once(runtime: DockerRuntime, id: str) -> None:
    await run(runtime, id, "true")
    threads = threading.active_count()
    codes = await asyncio.gather(*(one(runtime, id, number) for number in range(100)))
    assert codes == list(range(100))
    # Those of the pools that answer questions, and none for each command.
    assert threading.active_count() - threads < 10


async def one(runtime: DockerRuntime, id: str, code: int) -> int:
    async with asyncio.timeout(4 * PATIENCE):
        execution = await runtime.exec(id, ["/bin/sh", "-c", f"exit {code}"])
        try:
            return (await to_end(execution)).code
        finally:
            await execution.close()


async def test_commands_leave_no_connection_open(node_name: str, id: str) -> None:
    runtime = DockerRuntime(node_name)
    # So that each thread has its own connection.
    await asyncio.gather(*(run(runtime, id, "true") for _ in range(10)))
    before = open_files()
    for _ in range(3):
        await run(runtime, id, "cat", input=b"text")
        with pytest.raises(LaunchError):
            await runtime.exec(id, ["/no/such/command"])
        async with executing(runtime, id, READY) as execution, reading(execution) as output:
            await anext(output)
    for thread in threading.enumerate():
        if thread.name == "docker-exec":
            await asyncio.to_thread(thread.join, PATIENCE)
    assert open_files() <= before
    await runtime.close()


async def test_the_engines_words_on_a_command_that_cannot_run(runtime: DockerRuntime, id: str) -> None:
    with pytest.raises(LaunchError) as caught:
        await runtime.exec(id, ["nope"], tty=True)
    assert 'exec: "nope": executable file not found in $PATH' in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_paused_container_runs_no_command(runtime: DockerRuntime, id: str, engine: docker.APIClient) -> None:
    engine.pause(id)
    with pytest.raises(LaunchError, match="paused"):
        await runtime.exec(id, ["true"])
    engine.unpause(id)


async def test_an_engine_that_breaks_off_before_the_command_runs(
    runtime: DockerRuntime, id: str, proxy: EngineProxy
) -> None:
    for lost in ("/exec", "/start", "/resize"):
        proxy.lose_answer_to = lost
        with pytest.raises(RuntimeUnavailable):
            await runtime.exec(id, READY)
    proxy.lose_answer_to = ""
    assert (await run(runtime, id, "exit 3")).code == 3


async def test_an_engine_that_is_lost_while_a_command_runs(runtime: DockerRuntime, id: str, proxy: EngineProxy) -> None:
    async with executing(runtime, id, READY) as execution:
        output = execution.output()
        assert await anext(output) == Chunk(False, b"ready\n")
        await proxy.cut()
        assert [chunk async for chunk in output] == []
        with pytest.raises(RuntimeUnavailable, match="cannot be reached"):
            await execution.wait()
        await execution.write(b"x")
        with pytest.raises(RuntimeUnavailable):
            await runtime.exec(id, READY)


async def test_a_command_is_killed_while_the_engine_is_away(
    runtime: DockerRuntime, id: str, proxy: EngineProxy, engine: docker.APIClient
) -> None:
    async with executing(runtime, id, READY) as execution, reading(execution) as output:
        await anext(output)
        assert sleepers(engine, id) > 0
        await proxy.cut()
    await proxy.mend()
    # What is killed is gone once the engine has heard of it, and it is the engine that waits for it.
    assert await asyncio.wait_for(execution.wait(), PATIENCE) == 137
    assert sleepers(engine, id) == 0


async def test_the_exit_code_is_known_though_the_connection_broke(
    runtime: DockerRuntime, id: str, proxy: EngineProxy
) -> None:
    script = "echo ready; until [ -e /tmp/go ]; do sleep 0.05; done; exit 9"
    async with executing(runtime, id, ["/bin/sh", "-c", script]) as execution:
        output = execution.output()
        await anext(output)
        await proxy.cut()
        assert [chunk async for chunk in output] == []
        await proxy.mend()
        ending = asyncio.create_task(execution.wait())
        assert (await run(runtime, id, "touch /tmp/go")).code == 0
        assert await ending == 9


async def test_an_engine_that_says_nothing_is_given_up(
    runtime: DockerRuntime, id: str, proxy: EngineProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await command.Command.create(runtime._engine, id, READY, stdin=False, tty=False)
    proxy.freeze()
    monkeypatch.setattr(command, "PATIENCE", 0.5)
    with pytest.raises(RuntimeUnavailable, match="did not answer in time"):
        await made.start()
    monkeypatch.undo()
    proxy.thaw()
    await made.kill()
    assert await made.exit_code() == 137


async def test_a_caller_that_gives_up_early_leaves_no_command(runtime: DockerRuntime, id: str) -> None:
    """Whatever it is that it gives up waiting for."""
    for turns in (1, 3, 6, 10, 20, 30):
        calling = asyncio.create_task(runtime.exec(id, READY))
        for _ in range(turns):
            await asyncio.sleep(0.003)
        if calling.cancel():
            with pytest.raises(asyncio.CancelledError):
                await calling
        else:
            await calling.result().close()
    assert (await run(runtime, id, "while grep -q '[9]8765' /proc/[0-9]*/cmdline; do sleep 0.05; done")).code == 0


async def test_processes_that_cannot_be_seen_are_said_to_run_on(
    runtime: DockerRuntime,
    id: str,
    engine: docker.APIClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As in a container with processes of its own."""
    monkeypatch.setattr(processes, "PROC", tmp_path)
    with caplog.at_level(logging.WARNING):
        async with executing(runtime, id, READY) as execution, reading(execution) as output:
            await anext(output)
    assert f"a command in container {id[:12]} may run on" in caplog.text
    assert sleepers(engine, id) > 0


async def test_no_keys_are_kept_from_a_terminal(runtime: DockerRuntime, id: str) -> None:
    script = "stty raw -echo; echo ready; head -c 2 | od -An -tx1"
    async with executing(runtime, id, ["/bin/sh", "-c", script], stdin=True, tty=True) as execution:
        output = execution.output()
        assert (await anext(output)).data.strip() == b"ready"
        await execution.write(b"\x10\x11")
        assert b"10 11" in b"".join([chunk.data async for chunk in output])


async def test_a_closed_runtime_runs_no_command(runtime: DockerRuntime, id: str) -> None:
    await runtime.close()
    with pytest.raises(RuntimeUnavailable, match="closed"):
        await runtime.exec(id, ["true"])
