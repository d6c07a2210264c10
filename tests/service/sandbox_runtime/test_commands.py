"""Commands in running sandboxes: they are given what the container's own programs are, and outlive nobody."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from peapod.kubelet.runtime.runtime import ContainerGone, LaunchError, Mount
from peapod.kubelet.runtime.sandbox import record
from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from tests.service.sandbox_runtime.conftest import folder_of
from tests.support.executions import executing, run, to_end
from tests.support.runtimes import PATIENCE, TestPod, read_log, until_exited, until_ready

FOREVER = "echo ready; exec sleep 1000"
FAMILY = "sleep 1000 & setsid sleep 1000 & sh -c 'sleep 1000 & sleep 1000' & echo ready; sleep 1000"
"""A command of several processes, one in a session of its own, which the end of its input does not end."""
WHO = """
    grep -E '^(Cap(Inh|Prm|Eff)|NoNewPrivs|Seccomp|Groups|Uid|Gid|Sig(Blk|Ign))' /proc/self/status
    ls -l /proc/self/ns; ls /proc/self/fd; ls -di /; umask; ulimit -a; env | sort
"""
"""What a program is: the same lines for two programs mean that they are given the same."""

KUBELET = """
    import asyncio, sys
    from contextlib import aclosing
    from pathlib import Path
    from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime

    async def main():
        runtime = SandboxRuntime("node", Path(sys.argv[1]))
        await runtime.open()
        execution = await runtime.exec(sys.argv[2], ["/bin/sh", "-c", sys.argv[3]], stdin=True)
        async with aclosing(execution.output()) as output:
            print(await anext(output), flush=True)
            await asyncio.Event().wait()

    asyncio.run(main())
"""


@pytest.fixture
async def id(runtime: SandboxRuntime, pod: TestPod) -> str:
    """A container of two processes."""
    id = await pod.start(FOREVER)
    await until_ready(runtime, id)
    return id


def processes(root: Path, id: str) -> list[psutil.Process]:
    """Find a container's processes that live."""
    fields = record.read(str(folder_of(root, id) / record.STARTED))
    assert fields is not None
    family = _family(int(fields["init"]))
    return [one for one in psutil.process_iter() if _family(one.pid) == family and alive(one)]


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _family(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


async def test_it_is_given_what_the_containers_own_programs_are_given(runtime: SandboxRuntime, pod: TestPod) -> None:
    id = await pod.start(f'all="$({WHO})"; echo "$all"; exec sleep 1000', env={"MARK": "x"}, working_dir="/usr")
    await until_ready(runtime, id)
    own = await read_log(runtime, id)
    assert "MARK=x" in own
    assert undated((await run(runtime, id, WHO)).stdout.decode()) == undated(own)


def undated(text: str) -> str:
    """Leave out when a file was listed."""
    return "\n".join(" ".join(line.split()[-3:]) if " -> " in line else line for line in text.splitlines())


async def test_dropped_capabilities_are_dropped_for_commands_too(runtime: SandboxRuntime, pod: TestPod) -> None:
    launch = pod.launch(FOREVER)
    assert launch.container is not None
    launch.container.security_context.capabilities.drop.append("ALL")
    id = await runtime.start(launch)
    assert (await run(runtime, id, "grep '^Cap' /proc/self/status | grep -v 0000000000000000")).stdout == b""


async def test_the_process_beside_it_is_not_seen(runtime: SandboxRuntime, id: str) -> None:
    """The command has no parent there, and looks to itself like one of the container's."""
    seen = await run(runtime, id, "grep PPid /proc/$$/status; cat /proc/[0-9]*/cmdline | grep -c pytho[n]")
    assert seen == (1, b"PPid:\t0\n0\n", b"")


async def test_closing_kills_what_has_a_session_of_its_own(runtime: SandboxRuntime, root: Path, id: str) -> None:
    before = processes(root, id)
    async with executing(runtime, id, ["/bin/sh", "-c", FAMILY], stdin=True) as execution:
        await anext(execution.output())
        assert len(processes(root, id)) >= len(before) + 4
    assert processes(root, id) == before


@pytest.mark.parametrize("killed", ["kubelet", "helper"])
async def test_a_command_ends_with_who_asked_for_it(root: Path, id: str, killed: str) -> None:
    before = processes(root, id)
    kubelet = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(KUBELET), root, id, FAMILY if killed == "kubelet" else "echo x; cat",
        stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert kubelet.stdout is not None
    assert await kubelet.stdout.readline() != b""
    started = [one for one in processes(root, id) if one not in before]
    helper = psutil.Process(started[0].ppid())
    assert "enter" in " ".join(helper.cmdline())
    (helper if killed == "helper" else psutil.Process(kubelet.pid)).kill()
    _, alive = await asyncio.to_thread(psutil.wait_procs, [*started, helper], PATIENCE)
    assert alive == []
    assert processes(root, id) == before
    if killed == "helper":
        kubelet.kill()
    await kubelet.wait()


async def test_a_command_does_not_keep_its_container_alive(runtime: SandboxRuntime, pod: TestPod) -> None:
    id = await pod.start("while [ ! -e /tmp/go ]; do sleep 0.1; done; exit 3")
    async with executing(runtime, id, ["/bin/sh", "-c", "touch /tmp/go; echo ready; cat"], stdin=True) as execution:
        assert (await until_exited(runtime, id)).exit_code == 3
        assert (await to_end(execution)).code == 137


async def test_a_command_leaves_no_file_open_here(runtime: SandboxRuntime, id: str) -> None:
    await run(runtime, id, "true")
    before = psutil.Process().num_fds()
    for tty in (False, True):
        await run(runtime, id, "echo x", input=b"x", tty=tty)
        with pytest.raises(LaunchError):
            await runtime.exec(id, ["/absent"], tty=tty)
    assert psutil.Process().num_fds() == before


async def test_a_terminal_is_the_containers_own(runtime: SandboxRuntime, id: str) -> None:
    seen = await run(runtime, id, "tty; readlink /proc/$$/fd/2; echo $TERM; ps -o tty= -p $$ || true", tty=True)
    assert seen.stdout.split()[:3] == [b"/dev/pts/0", b"/dev/pts/0", b"xterm"]


async def test_a_word_that_no_program_can_take(runtime: SandboxRuntime, id: str) -> None:
    with pytest.raises(LaunchError, match="null"):
        await runtime.exec(id, ["echo", "a\0b"])


async def test_a_command_that_is_too_long(runtime: SandboxRuntime, id: str) -> None:
    with pytest.raises(LaunchError, match="too long"):
        await runtime.exec(id, ["echo", "x" * (1 << 20)])


async def test_a_container_that_has_hidden_its_terminals(runtime: SandboxRuntime, pod: TestPod, tmp_path: Path) -> None:
    id = await pod.start(FOREVER, mounts=[Mount(str(tmp_path), "/dev/pts")])
    with pytest.raises(LaunchError, match="No such file"):
        await runtime.exec(id, ["true"], tty=True)
    (tmp_path / "ptmx").touch()
    with pytest.raises(LaunchError, match="terminals"):
        await runtime.exec(id, ["true"], tty=True)


async def test_a_container_whose_directory_goes_meanwhile(runtime: SandboxRuntime, root: Path, id: str) -> None:
    container = runtime._containers.find(id)
    assert container is not None
    (folder_of(root, id) / record.INSIDE).unlink()
    with pytest.raises(ContainerGone):
        await runtime.exec(id, ["true"])
