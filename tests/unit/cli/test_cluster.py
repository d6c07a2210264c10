"""What `peapod up` tells its services."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from peapod.common.errors import Invalid
from peapod_cli.cluster import Cluster


def flags(service: str, **settings: Any) -> Sequence[str]:
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


def told(service: str, flag: str, **settings: str) -> str | None:
    words = flags(service, **settings)
    return words[words.index(flag) + 1] if flag in words else None


def test_whoever_leads_is_known_by_its_node() -> None:
    assert told("scheduler", "--identity") == told("controllers", "--identity") == "n1"


def test_pods_are_told_whom_to_ask_for_names() -> None:
    settings = {"cluster_dns_address": "127.0.0.1:53", "cluster_domain": "pea.pod"}
    assert told("dns", "--address", **settings) == "127.0.0.1:53"
    assert told("kubelet", "--cluster-dns", **settings) == "127.0.0.1"
    assert told("dns", "--cluster-domain", **settings) == told("kubelet", "--cluster-domain", **settings) == "pea.pod"


def test_but_not_of_a_port_that_they_cannot_ask_on() -> None:
    assert told("dns", "--address", cluster_dns_address="127.0.0.1:5353") == "127.0.0.1:5353"
    assert told("kubelet", "--cluster-dns", cluster_dns_address="127.0.0.1:5353") is None
    assert told("kubelet", "--cluster-dns") is None


@pytest.mark.parametrize(("address", "exposed"), [("127.0.0.1:53", False), ("192.0.2.1:53", True)])
def test_names_are_answered_elsewhere_than_on_loopback_if_that_is_asked_for(address: str, exposed: bool) -> None:
    assert ("--allow-insecure" in flags("dns", cluster_dns_address=address)) is exposed


@pytest.mark.parametrize(
    "settings",
    [
        {"cluster_dns_address": "127.0.0.1"},
        {"cluster_dns_address": "localhost:53"},
        {"cluster_dns_address": "0.0.0.0:53"},
        {"cluster_dns_address": ":53"},
        {"cluster_domain": "Not_A_Domain"},
    ],
)
def test_a_dns_that_cannot_be_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        flags("dns", **settings)
