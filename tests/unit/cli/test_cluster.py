"""What `peapod up` tells its services."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from peapod_cli.cluster import Cluster


def flags(service: str, **settings: bool) -> Sequence[str]:
    cluster = Cluster(
        state_dir=Path("/tmp/state"),
        runtime="auto",
        apiserver_address="127.0.0.1:7070",
        gateway_address="127.0.0.1:8080",
        node_name="n1",
        store="",
        log_level="info",
        **settings,
    )
    (found,) = [one.flags for one in cluster.services() if one.name == service]
    return found


@pytest.mark.parametrize("allowed", [False, True])
def test_privileged_containers_are_allowed_only_on_request(allowed: bool) -> None:
    assert ("--allow-privileged" in flags("apiserver", allow_privileged=allowed)) is allowed
    assert "--allow-privileged" not in flags("apiserver")


def test_the_apiserver_knows_where_the_scheduler_is() -> None:
    told, serves = flags("apiserver"), flags("scheduler")
    assert told[told.index("--scheduler") + 1] == serves[serves.index("--address") + 1]
