"""The command as people run it: a process of its own, against a real apiserver."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.apiserver import Api, running_apiserver

PODTEST = Path(__file__).parents[3] / "examples" / "podtest.json"


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return self.err.splitlines()


Run = Callable[..., Coroutine[Any, Any, Outcome]]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with running_apiserver(tmp_path / "db") as api:
        yield api


async def start(address: str, *words: str, **options: Any) -> asyncio.subprocess.Process:
    """Start the command with pipes; the caller waits for its end."""
    environment = os.environ | {"PEAPOD_SERVER": address, "PEAPODCONFIG": os.devnull}
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    command = (sys.executable, "-m", "peapod_cli", *words)
    return await asyncio.create_subprocess_exec(*command, **({"env": environment} | pipes | options))


async def run(address: str, *words: str, stdin: str = "") -> Outcome:
    """Run the command to its end. Whatever happens, it never prints a trace."""
    return await _ended(await start(address, *words), stdin)


async def run_in(environment: Mapping[str, str], *words: str, cwd: Path) -> Outcome:
    """The same with an environment and a directory of one's own."""
    return await _ended(await start("", *words, env=environment, cwd=cwd), "")


async def _ended(process: asyncio.subprocess.Process, stdin: str) -> Outcome:
    out, err = await process.communicate(stdin.encode())
    assert b"Traceback" not in out + err
    assert process.returncode is not None
    return Outcome(process.returncode, out.decode(), err.decode())


@pytest.fixture
def peapod(api: Api) -> Run:
    async def run_here(*words: str, stdin: str = "") -> Outcome:
        return await run(api.address, *words, stdin=stdin)

    return run_here
