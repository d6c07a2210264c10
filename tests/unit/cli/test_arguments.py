"""What the command line says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from peapod.common.errors import Invalid
from peapod_cli import arguments
from peapod_cli.verbs import VERBS
from peapod_cli.verbs.verb import Verb

COMMANDS = [command.strip() for verb in VERBS for example in verb.examples for command in example.split("|")]


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("peapod ")])
def test_every_example_can_be_typed(command: str) -> None:
    parsed = arguments.parse(shlex.split(command)[1:])
    assert callable(arguments.command(parsed.module))


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_command_shows_how_it_is_used(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments.parse([verb.name, "--help"])
    text = capsys.readouterr().out
    assert verb.examples
    assert all(f"\n  {example}\n" in text for example in verb.examples)
    assert ("--server HOST" in text) == (verb.asks_server)
    assert not re.search(r"--[a-z-]+ TEXT", text)


@pytest.mark.parametrize(
    ("line", "words", "behind"),
    [
        ("exec web -- ls -l", ["web"], ["ls", "-l"]),
        ("exec -it web -c main -- sh -c 'exit -- 1'", ["web"], ["sh", "-c", "exit -- 1"]),
        ("--server h:1 exec web -- ls -- x", ["web"], ["ls", "--", "x"]),
        ("-n prod -s h:1 exec web ls", ["web", "ls"], []),
        ("get pods -o wide web", ["pods", "web"], []),
        ("get -- pods web", ["pods", "web"], []),
        ("label pods -l a=b c=d e-", ["pods", "c=d", "e-"], []),
        ("log -f exec main --tail 3", ["exec", "main"], []),
    ],
)
def test_words_are_told_from_flags(line: str, words: list[str], behind: list[str]) -> None:
    parsed = arguments.parse(shlex.split(line))
    assert (parsed.words, parsed.behind) == (words, behind)


@pytest.mark.parametrize("line", ["up more", "get pods --colour", "version x", "frob", "", "exec web ls -l"])
def test_what_is_not_understood_is_one_line(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.parse(shlex.split(line))
    assert ended.value.code == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The settings file, which is not there yet."""
    monkeypatch.delenv("PEAPOD_SERVER", raising=False)
    monkeypatch.setenv("PEAPODCONFIG", str(tmp_path / "settings"))
    return tmp_path / "settings"


def told(*words: str) -> tuple[str, str, str]:
    parsed = arguments.parse(words)
    assert parsed.namespace == parsed.scope.otherwise
    return parsed.server, parsed.namespace, parsed.scope.required


def test_the_server_and_the_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told("get", "pods") == ("127.0.0.1:7070", "default", "")
    monkeypatch.setenv("PEAPOD_SERVER", "h:1")
    assert told("get", "pods", "-n", "prod") == ("h:1", "prod", "prod")
    assert told("-s", "h:2", "get", "pods")[0] == "h:2"


def test_the_current_context_counts_where_nothing_else_is_said(
    monkeypatch: pytest.MonkeyPatch, no_settings: Path
) -> None:
    clusters = "clusters: {home: {server: 'h:7'}}"
    no_settings.write_text(f"{clusters}\ncontexts: {{x: {{cluster: home, namespace: shop}}}}\ncurrent-context: x\n")
    assert told("get", "pods") == ("h:7", "shop", "")
    assert told("get", "pods", "-n", "prod", "-s", "h:2") == ("h:2", "prod", "prod")
    monkeypatch.setenv("PEAPOD_SERVER", "h:1")
    assert told("get", "pods") == ("h:1", "shop", "")


def test_settings_that_are_wrong_do_not_matter_to_whom_they_tell_nothing(no_settings: Path) -> None:
    no_settings.write_text("clusters: 1")
    with pytest.raises(Invalid, match="clusters: must be an object"):
        arguments.parse(["get", "pods"])
    assert told("get", "pods", "-n", "prod", "-s", "h:2") == ("h:2", "prod", "prod")
    assert arguments.parse(["config", "view"]).action == "view"


@pytest.mark.parametrize(
    ("line", "service"),
    [
        ("proxy", ""),
        ("proxy --port=8011 --www=./site -P /s/", ""),
        ("proxy -p8011", ""),
        ("proxy --help", ""),
        ("proxy --apiserver 127.0.0.1:7070", "proxy"),
        ("kube-proxy", "proxy"),
        ("kube-proxy --help", "proxy"),
        ("kubelet --node-name n1", "kubelet"),
        ("get pods", ""),
        ("", ""),
    ],
)
def test_a_proxy_is_the_service_when_it_is_told_what_only_that_knows(line: str, service: str) -> None:
    assert arguments.service_of(line.split()) == service
