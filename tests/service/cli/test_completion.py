"""`peapod completion`, in the shells that read it."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from peapod.v1 import pod_service_pb2
from tests.service.cli.conftest import Outcome, Run, run
from tests.support.apiserver import Api
from tests.support.needs import lacking
from tests.support.objects import make_pod


async def shell(program: str, script: str, directory: Path, address: str) -> list[str]:
    """Run a script in a shell that finds the command in a directory."""
    command = directory / "peapod"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m peapod_cli "$@"\n')
    command.chmod(0o755)
    variables = {"PATH": f"{directory}:{os.environ['PATH']}", "PEAPOD_SERVER": address, "PEAPODCONFIG": os.devnull}
    process = await asyncio.create_subprocess_exec(
        program, "-c", script, env=os.environ | variables, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return out.decode().splitlines()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("get pods w", ["web", "web-2"]),
        ("get po", ["pods"]),
        ("exec -p ''", ["db", "web", "web-2"]),
        ("get pods --output = j", ["json"]),
        ("get pods -n ''", ["default"]),
        ("get --no", ["--no-headers"]),
    ],
)
async def test_bash_completes_words_and_names_of_objects(
    api: Api, tmp_path: Path, words: str, expected: list[str]
) -> None:
    for name in ("db", "web", "web-2"):
        await api.pods.create_pod(pod_service_pb2.CreatePodRequest(pod=make_pod(name)))
    typed = f"COMP_WORDS=(peapod {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))"
    script = f'source <(peapod completion bash); {typed}; _peapod; printf "%s\\n" "${{COMPREPLY[@]}}"'
    assert await shell("bash", script, tmp_path, api.address) == expected


async def test_zsh_reads_what_is_for_it(api: Api, tmp_path: Path) -> None:
    if shutil.which("zsh") is None:
        lacking("there is no zsh on the PATH; scripts/install-machine brings it")
    words = "words=(peapod get po); CURRENT=3; compadd() { shift; print -l -- $@ }; compdef() { }"
    lines = await shell("zsh", f'{words}; eval "$(peapod completion zsh)"; _peapod', tmp_path, api.address)
    assert lines == ["pods"]


async def test_without_a_server_words_are_completed_all_the_same() -> None:
    assert await run("127.0.0.1:1", "completion", "bash", "get", "pods", "") == Outcome(0, "", "")
    assert (await run("127.0.0.1:1", "completion", "bash", "get", "pods", "-o", "j")).out == "json\n"


async def test_another_shell_is_refused(peapod: Run) -> None:
    outcome = await peapod("completion", "fish")
    assert (outcome.status, len(outcome.errors)) == (1, 1)
    assert outcome.err.startswith("error: argument shell: invalid choice: 'fish' (choose from 'bash', 'zsh')")
