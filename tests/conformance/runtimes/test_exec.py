"""Commands inside running containers: what they find, what they say, how they end, and that none is left."""

from __future__ import annotations

import asyncio

import pytest

from peapod.kubelet.runtime.runtime import Chunk, ContainerGone, Execution, LaunchError, Runtime
from tests.support.executions import executing, reading, run, to_end
from tests.support.runtimes import PATIENCE, TestPod, until_exited

FOREVER = "while :; do sleep 1000; done"
HARMLESS = 'It\'s $HOME; "q" `x` \\ =ä\n2'


@pytest.fixture
async def id(pod: TestPod) -> str:
    """A container that runs."""
    return await pod.start(FOREVER, env={"MARK": HARMLESS}, working_dir="/bin")


async def until_no_process(runtime: Runtime, id: str, word: str) -> None:
    """Wait until no process of a container has this word on its command line."""
    look = f"grep -q '[{word[:1]}]{word[1:]}' /proc/[0-9]*/cmdline 2> /dev/null"
    assert (await run(runtime, id, f"while {look}; do sleep 0.05; done; echo none")).stdout == b"none\n"


async def write_much(execution: Execution) -> None:
    for _ in range(4096):
        await execution.write(b"x" * 65536)


async def test_both_streams_and_the_exit_code_come_back(runtime: Runtime, id: str) -> None:
    assert await run(runtime, id, "echo out; echo err >&2; exit 7") == (7, b"out\n", b"err\n")


async def test_every_exit_code_of_a_command_that_ran_is_its_own(runtime: Runtime, id: str) -> None:
    codes = [0, 1, 126, 127, 255]
    assert [await run(runtime, id, f"exit {code}") for code in codes] == [(code, b"", b"") for code in codes]


async def test_a_signal_is_an_exit_code(runtime: Runtime, id: str) -> None:
    assert (await run(runtime, id, "kill -9 $$")).code == 137


async def test_the_command_is_not_touched(runtime: Runtime, id: str) -> None:
    command = ["/bin/sh", "-c", 'printf "%s|" "$@"', "me", "a b", "", HARMLESS]
    async with executing(runtime, id, command) as execution:
        assert await to_end(execution) == (0, f"a b||{HARMLESS}|".encode(), b"")


async def test_environment_and_directory_are_the_containers(runtime: Runtime, id: str) -> None:
    code, stdout, _ = await run(runtime, id, 'printf "%s|" "$MARK"; pwd')
    assert (code, stdout.decode()) in ((0, f"{HARMLESS}|/bin\n"), (0, f"{HARMLESS}|/usr/bin\n"))


async def test_the_command_is_among_the_containers_processes(runtime: Runtime, pod: TestPod, id: str) -> None:
    """It sees the first process, which is the container's own."""
    assert FOREVER in (await run(runtime, id, "tr '\\0' ' ' < /proc/1/cmdline; cat /proc/*/cmdline")).stdout.decode()


async def test_the_command_writes_where_the_container_reads(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start("mkdir -p /tmp; until [ -e /tmp/mark ]; do sleep 0.05; done; exit 6")
    assert (await run(runtime, id, "mkdir -p /tmp; touch /tmp/mark")).code == 0
    assert (await until_exited(runtime, id)).exit_code == 6


async def test_without_stdin_there_is_nothing_to_read(runtime: Runtime, id: str) -> None:
    assert await run(runtime, id, "cat; echo end") == (0, b"end\n", b"")


async def test_input_is_read_to_its_end(runtime: Runtime, id: str) -> None:
    assert await run(runtime, id, "cat; echo end", input=b"one\ntwo") == (0, b"one\ntwoend\n", b"")


async def test_output_goes_on_after_the_end_of_input(runtime: Runtime, id: str) -> None:
    assert await run(runtime, id, "cat > /dev/null; sleep 0.3; echo later", input=b"x") == (0, b"later\n", b"")


async def test_much_passes_both_ways_unchanged(runtime: Runtime, id: str) -> None:
    data = bytes(range(256)) * 20_000
    assert await run(runtime, id, "cat", input=data) == (0, data, b"")


async def test_a_writer_waits_for_a_command_that_does_not_read(runtime: Runtime, id: str) -> None:
    async with executing(runtime, id, ["/bin/sh", "-c", "read go; cat > /dev/null"], stdin=True) as execution:
        writing = asyncio.create_task(write_much(execution))
        assert await asyncio.wait([writing], timeout=1) == (set(), {writing})
        writing.cancel()


async def test_input_that_nobody_reads_is_dropped(runtime: Runtime, id: str) -> None:
    async with executing(runtime, id, ["true"], stdin=True) as execution:
        assert (await to_end(execution)).code == 0
        for _ in range(3):
            await execution.write(b"x" * 65536)
        await execution.end_input()
        await execution.end_input()


async def test_a_command_waits_for_its_slow_reader(runtime: Runtime, id: str) -> None:
    """What it writes is not kept for the reader without bounds."""
    script = "head -c 100000000 /dev/zero; echo all > /dev/shm/written"
    async with executing(runtime, id, ["/bin/sh", "-c", script]) as execution, reading(execution) as output:
        await anext(output)
        assert (await run(runtime, id, "sleep 1; ls /dev/shm/written")).code != 0
        size = 0
        async for chunk in output:
            size += len(chunk.data)


async def test_a_command_that_does_not_exist_is_refused_by_name(runtime: Runtime, id: str) -> None:
    with pytest.raises(LaunchError, match="/no/such/command"):
        await runtime.exec(id, ["/no/such/command"])


async def test_what_is_no_program_is_refused(runtime: Runtime, id: str) -> None:
    with pytest.raises(LaunchError, match="/etc"):
        await runtime.exec(id, ["/etc"])


async def test_a_container_that_has_exited_runs_no_command(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start("exit 0")
    await until_exited(runtime, id)
    with pytest.raises(ContainerGone):
        await runtime.exec(id, ["true"])


async def test_a_container_that_is_absent_runs_no_command(runtime: Runtime) -> None:
    with pytest.raises(ContainerGone):
        await runtime.exec("0123456789ab", ["true"])


async def test_the_end_of_the_container_is_the_commands_end(runtime: Runtime, id: str) -> None:
    async with executing(runtime, id, ["/bin/sh", "-c", "echo ready; sleep 1000"]) as execution:
        output = execution.output()
        assert await anext(output) == Chunk(False, b"ready\n")
        await runtime.stop(id, 0)
        assert [chunk async for chunk in output] == []
        assert await execution.wait() == 137


async def test_a_removed_container_ends_its_commands(runtime: Runtime, id: str) -> None:
    async with executing(runtime, id, ["/bin/sh", "-c", "echo ready; sleep 1000"]) as execution:
        output = execution.output()
        assert await anext(output) == Chunk(False, b"ready\n")
        await runtime.remove(id)
        assert [chunk async for chunk in output] == []
        assert await execution.wait() == 137


async def test_a_command_that_closes_its_streams_is_waited_for(runtime: Runtime, id: str) -> None:
    assert await run(runtime, id, "exec <&- >&- 2>&-; sleep 1; exit 5") == (5, b"", b"")


async def test_what_a_command_leaves_running_does_not_hold_up_its_end(runtime: Runtime, id: str) -> None:
    ended = await run(runtime, id, "sleep 1000 & echo started; exit 3")
    assert ended == (3, b"started\n", b"")


async def test_close_kills_the_command_and_its_children(runtime: Runtime, id: str) -> None:
    script = "sleep 98765 & echo ready; sleep 98765"
    async with executing(runtime, id, ["/bin/sh", "-c", script]) as execution, reading(execution) as output:
        assert await anext(output) == Chunk(False, b"ready\n")
    await execution.close()
    await until_no_process(runtime, id, "98765")


async def test_a_cancelled_caller_leaves_no_command(runtime: Runtime, id: str) -> None:
    ready = asyncio.Event()

    async def use() -> None:
        async with executing(runtime, id, ["/bin/sh", "-c", "echo ready; sleep 98764"]) as execution:
            async for _ in execution.output():
                ready.set()

    user = asyncio.create_task(use())
    await asyncio.wait_for(ready.wait(), PATIENCE)
    user.cancel()
    with pytest.raises(asyncio.CancelledError):
        await user
    await until_no_process(runtime, id, "98764")


async def test_many_commands_at_once(runtime: Runtime, id: str) -> None:
    ended = await asyncio.gather(*(run(runtime, id, f"echo {number}; exit {number}") for number in range(20)))
    assert ended == [(number, f"{number}\n".encode(), b"") for number in range(20)]


async def test_a_terminal(runtime: Runtime, id: str) -> None:
    """One stream, on which the command's two are, lines end as a terminal ends them."""
    ended = await run(runtime, id, "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo out && echo err >&2; exit 4", tty=True)
    assert ended == (4, b"out\r\nerr\r\n", b"")


async def test_a_terminal_has_the_size_that_it_is_told(runtime: Runtime, id: str) -> None:
    script = "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.1; done"
    async with executing(runtime, id, ["/bin/sh", "-c", script], stdin=True, tty=True) as execution:
        output = execution.output()
        assert await anext(output) == Chunk(False, b"ready\r\n")
        await execution.resize(101, 37)
        assert b"".join([chunk.data async for chunk in output]) == b"37 101\r\n"
        assert await execution.wait() == 0


async def test_a_terminals_keys(runtime: Runtime, id: str) -> None:
    """What is typed is seen, comes back from the command, and ends it."""
    async with executing(runtime, id, ["cat"], stdin=True, tty=True) as execution, reading(execution) as output:
        await execution.write(b"word\n")
        written = b""
        while written.count(b"word\r\n") < 2:
            written += (await anext(output)).data
        await execution.write(b"\x03")
        assert b"".join([chunk.data async for chunk in output]) in (b"^C", b"")
        assert await execution.wait() == 130


async def test_the_end_of_input_at_a_terminal(runtime: Runtime, id: str) -> None:
    ended = await run(runtime, id, "stty -echo; cat; echo end", input=b"line\n", tty=True)
    assert ended.code == 0
    assert ended.stdout.endswith(b"line\r\nend\r\n")


async def test_a_new_size_without_a_terminal_is_nothing(runtime: Runtime, id: str) -> None:
    async with executing(runtime, id, ["cat"], stdin=True) as execution:
        await execution.resize(10, 10)
        await execution.end_input()
        assert await to_end(execution) == (0, b"", b"")
        await execution.resize(10, 10)
