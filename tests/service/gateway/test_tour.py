"""docs/rest.md, run as it stands: each command against a real cluster, and its answer held against the page."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.needs import lacking
from tests.support.up import interrupted_up

PAGE = Path(__file__).parents[3] / "docs" / "rest.md"
SHOWN = "127.0.0.1:8080"

_VARYING = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r'(?<="resourceVersion": )\d+'), "N"),
    (re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:]{8} [A-Z]+ \d{4}"), "DATE"),
)


class Step(NamedTuple):
    """One command of the page, and what it is said to print."""

    command: str
    printed: list[str]


def steps(text: str) -> Iterator[Step]:
    for block in re.findall(r"^```\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        step: Step | None = None
        for line in block.splitlines():
            if line.startswith("$ "):
                if step:
                    yield step
                step = Step(line[2:], [])
            elif step:
                step.printed.append(line)
        if step:
            yield step


@pytest.mark.timeout(120)
def test_every_command_answers_as_the_page_says(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        lacking("there is no curl on the PATH")
    tour = list(steps(PAGE.read_text()))
    assert len(tour) > 12
    with interrupted_up(tmp_path / "state", "node-1", runtime="sandbox") as cluster:
        cluster.wait_for_nodes()
        for step in tour:
            if "containerLogs" in step.command:
                cluster.wait_for_log("web", "clock", "20")
            command = step.command.replace(SHOWN, cluster.gateway)
            done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
            assert answers(done.stdout, step.printed), f"{step.command}\nprinted\n{done.stdout}{done.stderr}"


def answers(printed: str, shown: list[str]) -> bool:
    """Compare; a line of `...` stands for any lines, and `...` inside of one for anything."""
    pattern = "".join(r"(.*\n)*?" if line == "..." else _pattern(_plain(line)) for line in shown)
    return re.fullmatch(pattern, "".join(f"{_plain(line)}\n" for line in printed.splitlines())) is not None


def _pattern(line: str) -> str:
    return ".*".join(map(re.escape, line.split("..."))) + r"\n"


def _plain(text: str) -> str:
    for varying, name in _VARYING:
        text = varying.sub(name, text)
    return text.rstrip()


def test_the_comparison_tells_a_difference() -> None:
    assert answers('{\n  "id": "a",\n  "x": 1\n}\n', ["{", "...", '  "x": 1', "}"])
    assert not answers('{\n  "id": "a",\n  "x": 2\n}\n', ["{", "...", '  "x": 1', "}"])
    assert not answers('{\n  "id": "a",\n  "x": 1\n}\n', ["{", '  "x": 1', "}"])
