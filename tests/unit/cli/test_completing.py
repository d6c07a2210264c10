"""What may come next on a command line."""

from __future__ import annotations

import pytest

from peapod.common.kinds import Kind
from peapod_cli import arguments, completing
from peapod_cli.verbs import VERBS


def names(kind: Kind) -> list[str]:
    return [f"{kind.singular}-1", f"{kind.singular}-2"]


def candidates(*typed: str) -> list[str]:
    return completing.candidates(arguments.parser(), VERBS, typed, names)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["ge"], ["get"]),
        (["roll"], ["rolling-update", "rollingupdate"]),
        (["get", "po"], ["pods"]),
        (["get", "pods,se"], ["pods,secrets", "pods,services"]),
        (["get", "pods", ""], ["pod-1", "pod-2"]),
        (["get", "svc", "service-2"], ["service-2"]),
        (["get", "rc/"], ["rc/replication_controller-1", "rc/replication_controller-2"]),
        (["-s", "h:1", "get", "-o", "json", "pods", "pod-1", "pod-"], ["pod-1", "pod-2"]),
        (["get", "frob", ""], []),
        (["get", "frob/"], []),
        (["get", "pods", "-o", ""], ["json", "template", "templatefile", "wide", "yaml"]),
        (["get", "pods", "--output=t"], ["template", "templatefile"]),
        (["get", "pods", "--output", "=", "t"], ["template", "templatefile"]),
        (["get", "pods", "--output", "="], ["json", "template", "templatefile", "wide", "yaml"]),
        (["get", "-n", ""], ["namespace-1", "namespace-2"]),
        (["get", "pods", "-l", ""], []),
        (["get", "pods", "--no"], ["--no-headers"]),
        (["get", "pods", "-w", ""], ["pod-1", "pod-2"]),
        (["describe", "--serv"], ["--server"]),
        (["log", ""], ["pod-1", "pod-2"]),
        (["log", "pod-1", ""], []),
        (["exec", "-p", ""], ["pod-1", "pod-2"]),
        (["exec", "web", "--", ""], []),
        (["proxy", "-p", ""], []),
        (["expose", "s"], ["services"]),
        (["rollingupdate", ""], ["replication_controller-1", "replication_controller-2"]),
        (["drain", ""], ["node-1", "node-2"]),
        (["config", "set-c"], ["set-cluster", "set-context", "set-credentials"]),
        (["config", "set-context", "x", "--cl"], ["--cluster"]),
        (["completion", ""], ["bash", "zsh"]),
        (["frob", ""], []),
        (["up", ""], []),
    ],
)
def test_what_may_come_next(typed: list[str], expected: list[str]) -> None:
    assert candidates(*typed) == expected


def test_every_command_and_service_is_offered_at_first() -> None:
    offered = candidates("")
    assert {verb.name for verb in VERBS} | set(arguments.SERVICES) <= set(offered)
    assert not [word for word in offered if word.startswith("-")]


def test_every_flag_of_every_command_is_offered() -> None:
    for verb in VERBS:
        assert "--help" in candidates(verb.name, "--")
        assert ("--server" in candidates(verb.name, "--s")) is verb.asks_server
