"""What the engine says of a container, read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from peapod.kubelet.naming import ContainerName
from peapod.kubelet.runtime.docker.state import observed
from peapod.kubelet.runtime.runtime import Phase

NEVER = "0001-01-01T00:00:00Z"
NAME = ContainerName("main", "0a1b2c3d", "web", "default", "api", "u1", 3)


def inspected(**state: Any) -> dict[str, Any]:
    return {
        "Id": "c1",
        "Image": "sha256:1",
        "Created": "2026-01-02T03:04:05.123456789Z",
        "Config": {"Image": "redis:7", "Labels": NAME.labels("n")},
        "State": {
            "Status": "created",
            "Running": False,
            "OOMKilled": False,
            "ExitCode": 0,
            "Error": "",
            "StartedAt": NEVER,
            "FinishedAt": NEVER,
            **state,
        },
        "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}}},
    }


def test_created() -> None:
    seen = observed(inspected())
    assert (seen.id, seen.name, seen.image, seen.image_id) == ("c1", NAME, "redis:7", "sha256:1")
    assert (seen.phase, seen.started_at, seen.finished_at) == (Phase.CREATED, None, None)
    assert seen.created_at == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)


@pytest.mark.parametrize("status", ["running", "paused", "restarting"])
def test_running(status: str) -> None:
    seen = observed(inspected(Status=status, Running=True, StartedAt="2026-01-02T03:04:06Z", FinishedAt=NEVER))
    assert (seen.phase, seen.ip, seen.reason) == (Phase.RUNNING, "172.17.0.2", "")


def test_running_again_has_not_finished() -> None:
    seen = observed(inspected(Status="running", Running=True, FinishedAt="2026-01-02T03:04:06Z", Error="old"))
    assert (seen.finished_at, seen.reason) == (None, "")


@pytest.mark.parametrize("status", ["exited", "dead", "removing"])
def test_exited(status: str) -> None:
    seen = observed(inspected(Status=status, ExitCode=137, FinishedAt="2026-01-02T03:04:07.5+02:00"))
    assert (seen.phase, seen.exit_code, seen.reason) == (Phase.EXITED, 137, "")
    assert seen.finished_at == datetime(2026, 1, 2, 1, 4, 7, 500000, tzinfo=UTC)


def test_nothing_finishes_before_it_starts() -> None:
    started, finished = "2026-01-02T03:04:06.0005Z", "2026-01-02T03:04:06Z"
    seen = observed(inspected(Status="exited", StartedAt=started, FinishedAt=finished))
    assert seen.finished_at == seen.started_at == datetime(2026, 1, 2, 3, 4, 6, 500, tzinfo=UTC)


def test_out_of_memory() -> None:
    assert observed(inspected(Status="exited", ExitCode=137, OOMKilled=True)).reason == "OOMKilled"


def test_what_could_not_run_says_why_on_one_line() -> None:
    seen = observed(inspected(Status="exited", ExitCode=127, Error='exec: "x":\n not found\n'))
    assert (seen.reason, seen.message) == ("ContainerCannotRun", 'exec: "x": not found')


@pytest.mark.parametrize("networks", [{}, {"host": {"IPAddress": ""}}, None])
def test_without_an_address(networks: object) -> None:
    assert observed({**inspected(), "NetworkSettings": {"Networks": networks}}).ip == ""


@pytest.mark.parametrize("labels", [None, {}, {**NAME.labels("n"), "io.peapod.attempt": "x"}])
def test_what_no_kubelet_made(labels: object) -> None:
    with pytest.raises(ValueError):
        observed({**inspected(), "Config": {"Image": "redis:7", "Labels": labels}})
