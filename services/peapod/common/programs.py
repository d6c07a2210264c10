"""Runs the system's programs, such as mount and iptables. None outlives its time, its caller or this process."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from peapod.common.errors import Unavailable

_SYSTEM = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Where mount and its like are, whatever this process's own PATH says."""
_END_SECONDS = 5.0
"""How long a killed program is waited for: one that hangs in the kernel ends only when the kernel lets it."""


class ProgramFailed(Unavailable):
    """A program ended with an error; says so in its own words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def environment() -> dict[str, str]:
    """Make the environment of programs: they are found, and speak English."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *_SYSTEM))
    return {**os.environ, "PATH": path, "LC_ALL": "C"}


def find(program: str) -> str:
    """Say where a program is; raises `Unavailable` when it is not installed."""
    found = shutil.which(program, path=environment()["PATH"])
    if found is None:
        raise Unavailable(f"{program} is not installed on this node")
    return found


async def run(
    program: str,
    *arguments: str | Path,
    input: str = "",
    seconds: float = 60,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a program and return what it printed; `env` stands for the usual environment.

    Raises `ProgramFailed` with the first line of its complaint, and `Unavailable` when it is not installed or takes
    more than `seconds`. It is killed then, as when the caller is cancelled or this process dies, with all that it
    started.
    """
    process = await asyncio.create_subprocess_exec(
        *("setpriv", "--pdeathsig", "KILL", "--", find(program), *map(str, arguments)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        env=environment() if env is None else env,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            output, complaint = await process.communicate(input.encode())
    except TimeoutError:
        raise Unavailable(f"{program} took more than {seconds:g} s and was ended") from None
    finally:
        await _end(process)
    if process.returncode:
        raise ProgramFailed(process.returncode, _first_line(complaint or output) or f"{program} failed")
    return output.decode(errors="replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            await process.communicate()


def _first_line(words: bytes) -> str:
    lines = words.decode(errors="replace").splitlines()
    return next((line.strip() for line in lines if line.strip()), "")
