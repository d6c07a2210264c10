import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from peapod.common.config import ServiceConfig, load, option


@dataclass(frozen=True)
class Config(ServiceConfig):
    """Runs pods here.

    Only the first line is shown.
    """

    node_name: str = option("", "what this node is called; 100% free")
    retries: int = option(3, "how often")
    share: float = option(0.5, "how much")
    labels: tuple[str, ...] = option((), "what it is labelled with")
    register: bool = option(True, "whether it makes itself known")
    runtime: str = option("auto", "what runs the pods", choices=("auto", "docker"))

    def __post_init__(self) -> None:
        if self.retries < 0:
            raise ValueError("--retries must not be negative")


def loaded(*argv: str) -> Config:
    return load(Config, argv, "peapod kubelet")


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as caught:
        loaded(*argv)
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("peapod kubelet: ")
    assert printed.err.count("\n") == 1
    return printed.err


def test_defaults() -> None:
    assert loaded() == Config()


def test_flags_of_all_types() -> None:
    config = loaded("--node-name", "n1", "--retries=5", "--share", "2", "--no-register", "--runtime=docker")
    assert config == Config(node_name="n1", retries=5, share=2.0, register=False, runtime="docker")


def test_flags_may_be_written_with_underscores_and_values_keep_theirs() -> None:
    assert loaded("--node_name=a_b").node_name == "a_b"
    assert loaded("--no_register").register is False


@pytest.mark.parametrize(("word", "on"), [("true", True), ("1", True), ("false", False), ("No", False)])
def test_a_switch_may_be_given_a_word(word: str, on: bool) -> None:
    assert loaded(f"--register={word}").register is on
    assert loaded(f"--allow_insecure={word}").allow_insecure is on


def test_a_list_is_separated_by_commas_or_given_again() -> None:
    assert loaded("--labels", "a=b, c", "--labels=d").labels == ("a=b", "c", "d")
    assert loaded("--labels=").labels == ()


def test_each_place_wins_over_the_next(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("node-name: file\nretries: 1\nshare: 1\nlabels: [a, b]\nregister: no\n")
    monkeypatch.setenv("PEAPOD_CONFIG", str(file))
    monkeypatch.setenv("PEAPOD_SHARE", "2")
    monkeypatch.setenv("PEAPOD_RETRIES", "2")
    monkeypatch.setenv("PEAPOD_KUBELET_RETRIES", "3")
    monkeypatch.setenv("PEAPOD_SCHEDULER_RETRIES", "9")
    monkeypatch.setenv("PEAPOD_KUBELET_NODE_NAME", "variable")
    config = loaded("--node-name", "flag")
    assert config == Config(node_name="flag", retries=3, share=2.0, labels=("a", "b"), register=False)


def test_a_flag_with_the_default_value_wins_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEAPOD_RETRIES", "9")
    assert loaded("--retries=3").retries == 3


def test_variables_of_all_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEAPOD_LABELS", "a,b")
    monkeypatch.setenv("PEAPOD_REGISTER", "Off")
    monkeypatch.setenv("PEAPOD_SHARE", "0.25")
    assert loaded() == Config(labels=("a", "b"), register=False, share=0.25)


def test_a_json_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"node_name": "n", "register": False, "labels": ["x"], "retries": 7}))
    assert loaded("--config", str(file)) == Config(node_name="n", register=False, labels=("x",), retries=7)


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["--retries", "x"], "argument --retries: 'x' is not a number"),
        (["--retries", "-1"], "--retries must not be negative"),
        (["--retries"], "argument --retries: expected one argument"),
        (["--register=maybe"], "ignored explicit argument 'maybe'"),
        (["--runtime", "rkt"], "argument --runtime: 'rkt' is none of auto, docker"),
        (["--node"], "unrecognized arguments: --node"),
        (["extra"], "unrecognized arguments: extra"),
        (["--log-level=loud"], "'loud' is none of debug, info, warning, error"),
        (["--config", "/nonexistent/file"], "/nonexistent/file: "),
    ],
)
def test_wrong_flags(capsys: pytest.CaptureFixture[str], argv: list[str], problem: str) -> None:
    assert problem in refused(capsys, *argv)


def test_a_wrong_variable_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEAPOD_KUBELET_REGISTER", "maybe")
    assert "PEAPOD_KUBELET_REGISTER: 'maybe' is neither true nor false" in refused(capsys)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("retries: many", "settings: retries: 'many' is not a number"),
        ("colour: red", "settings: there is no setting 'colour'"),
        ("config: other", "settings: there is no setting 'config'"),
        ("- a", "settings: must be a mapping of settings"),
        ("a: [", "settings: while parsing"),
        ("\x00", "settings: unacceptable character"),
    ],
)
def test_a_wrong_file_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "settings"
    file.write_text(text)
    assert problem in refused(capsys, "--config", str(file))


def test_help_shows_what_there_is_and_each_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        loaded("--help")
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Runs pods here." in text
    assert "Only the first line" not in text
    assert "--node-name NAME what this node is called; 100% free (default: none)" in text
    assert "--retries NUMBER how often (default: 3)" in text
    assert "--register, --no-register whether it makes itself known (default: true)" in text
    assert "--runtime auto|docker what runs the pods (default: auto)" in text
    assert "--log-format text|json" in text


def test_loading_settings_imports_nothing_heavy() -> None:
    script = (
        "import sys; from peapod.common import config; "
        "config.load(config.ServiceConfig, [], 'peapod x'); "
        "print(*sorted({'grpc', 'yaml', 'google', 'asyncio'} & sys.modules.keys()))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
