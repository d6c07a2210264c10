"""`peapod config`, and that commands go where it says."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.service.cli.conftest import Outcome, run_in
from tests.support.apiserver import Api


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    return tmp_path / "home"


def files(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir())


async def peapod(home: Path, *words: str, **variables: str) -> Outcome:
    """Run the command with a home, and in a directory, that hold nothing else."""
    unset = {"PEAPOD_SERVER": "", "PEAPODCONFIG": "", "HOME": str(home)}
    return await run_in(os.environ | unset | variables, *words, cwd=home.parent / "here")


async def test_commands_go_where_the_current_context_leads(home: Path, api: Api) -> None:
    for line in (
        f"config set-cluster it --server {api.address}",
        "config set-context work --cluster it --namespace shop",
        "config use-context work",
    ):
        assert await peapod(home, *line.split()) == Outcome(0, "", "")
    spec = '{"kind": "Secret", "apiVersion": "v1beta1", "id": "key", "data": {"a": "dg=="}}'
    (home / "key.json").write_text(spec)
    assert await peapod(home, "create", "-f", str(home / "key.json")) == Outcome(0, "key\n", "")
    assert (await peapod(home, "get", "secrets", "--no-headers")).out.split() == ["key", "1"]
    assert (await peapod(home, "get", "secrets", "--no-headers", "-n", "default")).out == ""
    away = await peapod(home, "get", "secrets", PEAPOD_SERVER="127.0.0.1:1")
    assert away.errors == ["error: the server at 127.0.0.1:1 cannot be reached: Connection refused"]


async def test_which_file_is_changed(home: Path) -> None:
    other = home / "other"
    here = home.parent / "here" / ".peapodconfig"
    await peapod(home, "config", "set", "current-context", "a")
    await peapod(home, "config", "set", "--local", "current-context", "b")
    await peapod(home, "config", "set", "clusters.x.server", "h:1")
    await peapod(home, "config", "set", "--global", "clusters.y.server", "h:2")
    await peapod(home, "config", "set", "--envvar", "current-context", "c", PEAPODCONFIG=str(other))
    assert (home / ".peapodconfig").read_text() == "current-context: a\nclusters:\n  y:\n    server: h:2\n"
    assert here.read_text() == "current-context: b\nclusters:\n  x:\n    server: h:1\n"
    assert other.read_text() == "current-context: c\n"
    assert stat.S_IMODE(here.stat().st_mode) == 0o600
    viewed = await peapod(home, "config", "view")
    assert viewed.out == "clusters:\n  y:\n    server: h:2\n  x:\n    server: h:1\ncurrent-context: b\n"
    assert (await peapod(home, "config", "view", "--global", "-o", "json")).out.startswith('{\n    "clusters"')
    assert files(home) == [".peapodconfig", "other"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("config", "the following arguments are required: ACTION"),
        ("config set-credentials me --token x", "no server asks for credentials"),
        ("config set users.me.token x", 'there is no "users.me.token"; there are clusters.NAME.server'),
        ("config unset clusters.x", '"clusters.x" is not set'),
        ("config use-context x", 'there is no context "x"; there is none'),
        ("config set-cluster x", "say what to set of it: --server or --gateway"),
        ("config view --envvar", "--envvar is the file that PEAPODCONFIG names"),
        ("config view --local --global", "argument --global: not allowed with argument --local"),
    ],
)
async def test_what_cannot_be_done_is_said(home: Path, line: str, why: str) -> None:
    outcome = await peapod(home, *line.split())
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert outcome.err.startswith(f"error: {why}")
    assert files(home) == []


async def test_a_file_that_is_wrong_is_named(home: Path) -> None:
    (home / ".peapodconfig").write_text("clusters: {x: {port: 1}}")
    outcome = await peapod(home, "get", "pods")
    assert outcome.errors == [f"error: {home}/.peapodconfig: clusters.x.port: unknown field"]
