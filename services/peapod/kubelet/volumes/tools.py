"""Runs the system's programs for volumes, such as mount and git."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from peapod.common import programs
from peapod.common.errors import Unavailable
from peapod.kubelet.volumes.volume import VolumeError


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
    than `seconds`. None outlives its time, its caller or the kubelet.
    """
    try:
        return await programs.run(program, *arguments, seconds=seconds, cwd=cwd, env={**tool_environment(), **env})
    except programs.ProgramFailed as failed:
        raise ToolError(failed.status, failed.message) from None
    except Unavailable as problem:
        raise VolumeError(problem.message) from None


def tool_environment() -> dict[str, str]:
    """Make the environment of programs: they are found, and speak English."""
    # What the kubelet was told about git of its own is not meant for what pods ask for.
    return {name: value for name, value in programs.environment().items() if not name.startswith("GIT_")}
