"""Runs the system's programs, such as mount and git. None outlives its time, its caller or the kubelet."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from peapod.kubelet.volumes.volume import VolumeError

_SYSTEM = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Where mount and its like are, whatever the kubelet's own PATH says."""
_END_SECONDS = 5.0
"""How long a killed program is waited for: one that hangs in the kernel ends only when the kernel lets it."""


class ToolError(VolumeError):
    """A program failed; says so in its own words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


async def run(
    program: str, *arguments: str | Path, seconds: float = 60, cwd: Path | None = None, env: Mapping[str, str] = {}
) -> str:
    """Run a program without input and return what it printed; `env` comes on top of the kubelet's own.

    Raises `ToolError` with the first line of its complaint, and `VolumeError` when it is not installed or takes more
    than `seconds`. It is killed then, as when the caller is cancelled or the kubelet dies, with all that it started.
    """
    environment = {**tool_environment(), **env}
    found = shutil.which(program, path=environment["PATH"])
    if found is None:
        raise VolumeError(f"{program} is not installed on this node")
    process = await asyncio.create_subprocess_exec(
        *("setpriv", "--pdeathsig", "KILL", "--", found, *map(str, arguments)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        env=environment,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            output, complaint = await process.communicate()
    except TimeoutError:
        raise VolumeError(f"{program} took more than {seconds:g} s and was ended") from None
    finally:
        await _end(process)
    if process.returncode:
        raise ToolError(process.returncode, _first_line(complaint or output) or f"{program} failed")
    return output.decode(errors="replace")


def tool_environment() -> dict[str, str]:
    """Make the environment of programs: they are found, and speak English."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *_SYSTEM))
    # What the kubelet was told about git of its own is not meant for what pods ask for.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "PATH": path, "LC_ALL": "C"}


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
