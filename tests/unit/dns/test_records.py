"""The names of one service."""

from __future__ import annotations

import dns.name
import pytest

from peapod.dns.records import records_of
from peapod.v1.endpoints_pb2 import Endpoints
from peapod.v1.service_pb2 import Service
from tests.support.service_objects import UDP, make_endpoints, make_headless, make_service

DOMAIN = dns.name.from_text("cluster.local")


def shown(service: Service, endpoints: Endpoints | None = None) -> dict[str, list[str]]:
    """The records as text; names without the domain."""
    found = records_of(DOMAIN, service, endpoints)
    return {
        str(name.choose_relativity(DOMAIN)): sorted(f"{one.rdtype.name} {one}" for one in records)
        for name, records in found.items()
    }


def test_a_service_is_found_at_its_portal_ip_and_by_it() -> None:
    assert shown(make_service("redis-master", "10.0.0.11", port=6379)) == {
        "redis-master.default": ["A 10.0.0.11", "SRV 10 10 6379 redis-master.default.cluster.local."],
        "11.0.0.10.in-addr.arpa.": ["PTR redis-master.default.cluster.local."],
    }


def test_a_port_that_has_a_name_is_found_by_it() -> None:
    srv = "SRV 10 10 53 dns.team.cluster.local."
    found = shown(make_service("dns", "10.0.0.12", namespace="team", port=53, port_name="answers", protocol=UDP))
    assert found["_answers._udp.dns.team"] == [srv]
    assert srv in found["dns.team"]


def test_a_long_address() -> None:
    found = shown(make_service("web", "fd00::1"))
    assert found["web.default"][0] == "AAAA fd00::1"
    assert found["1." + "0." * 29 + "d.f.ip6.arpa."] == ["PTR web.default.cluster.local."]


@pytest.mark.parametrize("address", ["", "None"])
def test_a_service_without_an_address_is_there_all_the_same(address: str) -> None:
    assert shown(make_service("web", address)) == {"web.default": []}


def test_the_endpoints_of_a_headless_service_have_names_of_their_own() -> None:
    endpoints = make_endpoints("db", {"10.1.0.1": "db-a", "10.1.0.2": "db.b", "fd00::3": ""}, port_name="sql")
    ports = ["db-a", "db.b", "fd00-0000-0000-0000-0000-0000-0000-0003"]
    places = [f"SRV 10 10 8080 {name}.db.default.cluster.local." for name in ports]
    assert shown(make_headless("db", port_name="sql"), endpoints) == {
        "db.default": sorted(["A 10.1.0.1", "A 10.1.0.2", "AAAA fd00::3", *places]),
        "_sql._tcp.db.default": sorted(places),
        "db-a.db.default": ["A 10.1.0.1"],
        "db.b.db.default": ["A 10.1.0.2"],
        f"{ports[2]}.db.default": ["AAAA fd00::3"],
    }


def test_the_endpoints_of_a_portal_do_not_show() -> None:
    service = make_service("web", "10.0.0.11")
    assert shown(service, make_endpoints("web", {"10.1.0.1": "a"})) == shown(service)


@pytest.mark.parametrize("name", ["bank.example.", "@", "a..b", "x" * 64, "*", "A b"])
def test_endpoints_that_were_written_by_hand_do_not_name_what_is_not_theirs(name: str) -> None:
    found = shown(make_headless("db"), make_endpoints("db", {"10.1.0.1": name}))
    assert set(found) == {"db.default", "10-1-0-1.db.default"}


def test_an_address_that_is_none_is_passed_over() -> None:
    found = shown(make_headless("db"), make_endpoints("db", {"somewhere": "a", "10.1.0.1": "b"}))
    assert set(found) == {"db.default", "b.db.default"}


def test_a_name_for_which_dns_has_no_words_is_left_out() -> None:
    assert shown(make_service("web", "10.0.0.11", namespace="x" * 64)) == {}
    deep = ".".join(["y" * 60] * 4)
    assert shown(make_service("web", "10.0.0.11", namespace=deep)) == {}
