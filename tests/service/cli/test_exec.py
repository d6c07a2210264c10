"""`peapod exec`, in pods of a real kubelet whose commands are processes of this machine."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from peapod.v1 import pod_pb2
from tests.service.cli.conftest import Outcome, Run, start
from tests.support.apiserver import Api
from tests.support.following import PATIENCE, following
from tests.support.host_commands import HostRuntime
from tests.support.kubelet import create, running_kubelet, told
from tests.support.pods import make_pod
from tests.support.pseudo_terminal import Terminal, pseudo_terminal

MEBIBYTE = 1 << 20

TELL_SIZES = """
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])
while True:
    columns, rows = os.get_terminal_size()
    if columns:
        print(columns, "by", rows, flush=True)
    signal.sigwait([signal.SIGWINCH])
"""
"""A program may be told of its terminal's first size a moment after its start; before, it is 0 by 0."""


@pytest.fixture
async def runtime(api: Api, tmp_path: Path) -> AsyncIterator[HostRuntime]:
    """Run a pod `web` of one container, and `two` of two."""
    runtime = HostRuntime()
    async with running_kubelet(api, runtime, tmp_path), following(api) as seen:
        for pod in (make_pod("main"), make_pod("first", "second", uid="uid-2", name="two")):
            await create(api, pod)
        await seen.until(lambda: all(told(seen, name).phase == pod_pb2.POD_PHASE_RUNNING for name in ("web", "two")))
        yield runtime


@pytest.fixture
async def terminal(api: Api, runtime: HostRuntime) -> AsyncIterator[Terminal]:
    async with pseudo_terminal(columns=101, rows=42) as terminal:
        yield terminal


async def start_on(terminal: Terminal, api: Api, *words: str) -> asyncio.subprocess.Process:
    """Start the command on a terminal."""
    environment = os.environ | {"PEAPOD_SERVER": api.address}
    return await terminal.start(sys.executable, "-m", "peapod_cli", *words, env=environment)


async def ended(process: asyncio.subprocess.Process) -> int:
    async with asyncio.timeout(PATIENCE):
        return await process.wait()


@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize(
    "words", [["-p", "web"], ["web"], ["pod/web", "-c", "main"], ["--namespace", "default", "web", "-c", "main"]]
)
async def test_each_stream_and_the_exit_code_are_passed_through(peapod: Run, words: list[str]) -> None:
    script = ["sh", "-c", "echo out; echo wrong >&2; exit 7"]
    assert await peapod("exec", *words, "--", *script) == Outcome(7, "out\n", "wrong\n")


@pytest.mark.usefixtures("runtime")
async def test_a_command_without_flags_needs_no_dashes(peapod: Run) -> None:
    assert await peapod("exec", "web", "echo", "a", "b") == Outcome(0, "a b\n", "")
    assert await peapod("exec", "-p", "web", "echo", "a") == Outcome(0, "a\n", "")


@pytest.mark.usefixtures("runtime")
async def test_a_command_that_a_signal_ended_is_128_and_its_number(peapod: Run) -> None:
    assert (await peapod("exec", "web", "--", "sh", "-c", "kill -TERM $$")).status == 128 + signal.SIGTERM


@pytest.mark.usefixtures("runtime")
async def test_the_first_of_several_containers_is_taken_and_named(peapod: Run) -> None:
    outcome = await peapod("exec", "two", "--", "echo", "hello")
    assert outcome == Outcome(0, "hello\n", "in container first; -c names another: second\n")
    assert await peapod("exec", "two", "-c", "second", "--", "echo", "hello") == Outcome(0, "hello\n", "")


@pytest.mark.usefixtures("runtime")
async def test_input_is_passed_on_to_its_end(peapod: Run) -> None:
    assert await peapod("exec", "-i", "web", "--", "cat", stdin="first\nlast") == Outcome(0, "first\nlast", "")


@pytest.mark.usefixtures("runtime")
async def test_input_is_left_alone_unless_it_is_asked_for(peapod: Run) -> None:
    assert await peapod("exec", "web", "--", "cat", stdin="never read") == Outcome(0, "", "")


@pytest.mark.usefixtures("runtime")
async def test_a_file_as_input(api: Api, tmp_path: Path) -> None:
    file = tmp_path / "input"
    file.write_bytes(os.urandom(3 * MEBIBYTE))
    with file.open("rb") as opened:
        process = await start(api.address, "exec", "-i", "web", "--", "sha256sum", stdin=opened)
        out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert out.decode().split()[0] == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.usefixtures("runtime")
async def test_a_command_may_end_before_its_input_does(api: Api) -> None:
    process = await start(api.address, "exec", "-i", "web", "--", "head", "-n", "1")
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"one\n")
    assert await process.stdout.readline() == b"one\n"
    assert await ended(process) == 0


async def test_a_slow_reader_holds_the_command_back(api: Api, runtime: HostRuntime) -> None:
    """Nobody keeps what is not read yet: a command that writes without end gets no further than the pipes between."""
    process = await start(api.address, "exec", "web", "--", "yes")
    assert process.stdout
    await process.stdout.readexactly(8 * MEBIBYTE)
    used = psutil.Process(process.pid).memory_info().rss
    for _ in range(10):
        await process.stdout.readexactly(8 * MEBIBYTE)
    assert psutil.Process(process.pid).memory_info().rss < used + 24 * MEBIBYTE
    process.kill()
    await process.communicate()
    assert await ended(runtime.commands[0].process) != 0


async def test_a_reader_that_leaves_ends_it_quietly(api: Api, runtime: HostRuntime) -> None:
    read, write = os.pipe()
    process = await start(api.address, "exec", "web", "--", "yes", stdout=write)
    os.close(write)
    await asyncio.to_thread(os.read, read, 10)
    os.close(read)
    _, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert await ended(runtime.commands[0].process) != 0


async def test_an_interrupt_ends_the_command_in_the_container_too(api: Api, runtime: HostRuntime) -> None:
    process = await start(api.address, "exec", "web", "--", "sh", "-c", "echo ready; exec sleep 600")
    assert process.stdout
    assert await process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert (process.returncode, err) == (-signal.SIGINT, b"")
    assert await ended(runtime.commands[0].process) == -signal.SIGKILL


@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "say in which pod"),
        (["--", "ls"], "say in which pod"),
        (["web"], "say what to run: peapod exec web -- COMMAND..."),
        (["-p", "web", "--"], "say what to run: peapod exec web -- COMMAND..."),
        (["node/n1", "--", "ls"], "minions run no commands; name a pod"),
        (["nope", "--", "ls"], 'Pod "nope" not found in namespace default'),
        (["nope", "-c", "main", "--", "ls"], 'Pod "nope" not found in namespace default'),
        (["web", "-c", "side", "--", "ls"], 'Pod "web": container must be one of main'),
        (["web", "--", "/no/such/program"], "/no/such/program: no such file or directory"),
        (["web", "ls", "-l"], "unrecognized arguments: -l"),
    ],
)
async def test_what_cannot_be_run_is_said(peapod: Run, words: list[str], why: str) -> None:
    outcome = await peapod("exec", *words)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: {why}")
    assert len(outcome.errors) == 1


async def test_a_server_that_stops_is_said(tmp_path: Path, peapod: Run, api: Api, runtime: HostRuntime) -> None:
    process = await start(api.address, "exec", "web", "--", "sh", "-c", "echo ready; exec sleep 600")
    assert process.stdout
    assert await process.stdout.readline() == b"ready\n"
    await api.apiserver.stop()  # type: ignore[attr-defined]
    _, err = await process.communicate()
    assert process.returncode == 1
    assert err.startswith(b"error: ")
    assert len(err.splitlines()) == 1


async def test_a_terminal_is_lent_to_the_command(api: Api, terminal: Terminal) -> None:
    before = terminal.modes
    script = "tty >&2; echo ready; read word; exit $word"
    process = await start_on(terminal, api, "exec", "-it", "web", "--", "sh", "-c", script)
    assert b"/dev/pts/" in await terminal.until(b"ready\r\n")
    assert terminal.modes != before
    terminal.type(b"41\r")
    # The command's own terminal shows what was typed; the one here does not show it again.
    assert await terminal.until(b"\r\n") == b"41\r\n"
    assert await ended(process) == 41
    assert terminal.modes == before


async def test_the_terminals_size_is_told_and_whenever_it_changes(api: Api, terminal: Terminal) -> None:
    process = await start_on(terminal, api, "exec", "-ti", "web", "--", sys.executable, "-c", TELL_SIZES)
    await terminal.until(b"101 by 42\r\n")
    terminal.resize(columns=60, rows=20)
    await terminal.until(b"60 by 20\r\n")
    terminal.type(b"\x03")
    assert await ended(process) == 128 + signal.SIGINT


async def test_keys_are_the_commands_own(api: Api, terminal: Terminal) -> None:
    script = "trap 'echo caught; exit 5' INT; echo ready; while :; do read word; done"
    process = await start_on(terminal, api, "exec", "-it", "web", "--", "bash", "-c", script)
    await terminal.until(b"ready\r\n")
    terminal.type(b"\x03")
    await terminal.until(b"caught\r\n")
    assert await ended(process) == 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_a_signal_leaves_the_terminal_as_it_was(
    api: Api, runtime: HostRuntime, terminal: Terminal, number: signal.Signals
) -> None:
    before = terminal.modes
    process = await start_on(terminal, api, "exec", "-it", "web", "--", "sh", "-c", "echo ready; exec sleep 600")
    await terminal.until(b"ready\r\n")
    assert terminal.modes != before
    process.send_signal(number)
    assert await ended(process) == -number
    assert terminal.modes == before
    assert await ended(runtime.commands[0].process) != 0


async def test_an_error_leaves_the_terminal_as_it_was(api: Api, terminal: Terminal) -> None:
    before = terminal.modes
    process = await start_on(terminal, api, "exec", "-it", "web", "-c", "side", "--", "sh")
    shown = await terminal.until(b"\n")
    assert shown == b'error: Pod "web": container must be one of main\r\n'
    assert await ended(process) == 1
    assert terminal.modes == before


@pytest.mark.usefixtures("runtime")
async def test_no_terminal_where_there_is_none_to_lend(peapod: Run) -> None:
    outcome = await peapod("exec", "-it", "web", "--", "sh", "-c", "tty; cat", stdin="piped\n")
    warning = "warning: standard input is no terminal, so the command gets none\n"
    assert outcome == Outcome(0, "not a tty\npiped\n", warning)


@pytest.mark.usefixtures("runtime")
async def test_a_command_may_have_a_terminal_without_input(peapod: Run) -> None:
    outcome = await peapod("exec", "-t", "web", "--", "sh", "-c", "test -t 1 && echo yes >&2")
    assert outcome == Outcome(0, "yes\r\n", "")
