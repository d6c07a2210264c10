"""What is said of a name that is asked for."""

from __future__ import annotations

import dns.name
import dns.rdatatype
import pytest
from dns.name import Name
from dns.rcode import NOERROR, NXDOMAIN
from hypothesis import given
from hypothesis import strategies as st

from peapod.dns.records import Records, records_of
from peapod.dns.zone import NEGATIVE_TTL, TTL, Found, Zone
from tests.support.service_objects import make_endpoints, make_headless, make_service

DOMAIN = dns.name.from_text("cluster.local")
SERIAL = 7


def name(text: str) -> Name:
    return dns.name.from_text(text, DOMAIN)


def of(service: object, endpoints: object = None) -> Records:
    return records_of(DOMAIN, service, endpoints)  # type: ignore[arg-type]


def example() -> Zone:
    zone = Zone(DOMAIN, SERIAL)
    zone.put(("default", "web"), of(make_service("web", "10.0.0.11", port_name="http")))
    zone.put(("default", "empty"), of(make_headless("empty")))
    zone.put(("a.team", "db"), of(make_headless("db", namespace="a.team"), make_endpoints("db", PODS, namespace="a")))
    return zone


PODS = {"10.1.0.1": "db-a", "10.1.0.2": "db-b"}


def text(found: Found | None) -> tuple[str, list[str]]:
    """The answer in a few words."""
    assert found is not None
    return found.rcode.name, sorted(str(one) for records in found.answer for one in records)


@pytest.mark.parametrize(
    ("asked", "kind", "code", "answer"),
    [
        ("web.default", "A", "NOERROR", ["10.0.0.11"]),
        ("WEB.Default", "A", "NOERROR", ["10.0.0.11"]),
        ("web.default", "AAAA", "NOERROR", []),
        ("web.default", "SRV", "NOERROR", ["10 10 80 web.default.cluster.local."]),
        ("_http._tcp.web.default", "SRV", "NOERROR", ["10 10 80 web.default.cluster.local."]),
        ("_http._tcp.web.default", "A", "NOERROR", []),
        ("_tcp.web.default", "SRV", "NOERROR", []),
        ("_http._udp.web.default", "SRV", "NXDOMAIN", []),
        ("empty.default", "A", "NOERROR", []),
        ("db.a.team", "A", "NOERROR", ["10.1.0.1", "10.1.0.2"]),
        ("db-a.db.a.team", "A", "NOERROR", ["10.1.0.1"]),
        ("db-c.db.a.team", "A", "NXDOMAIN", []),
        ("a.team", "A", "NOERROR", []),
        ("team", "A", "NOERROR", []),
        ("default", "SRV", "NOERROR", []),
        ("web", "A", "NXDOMAIN", []),
        ("web.other", "A", "NXDOMAIN", []),
        ("x.web.default", "A", "NXDOMAIN", []),
        ("@", "A", "NOERROR", []),
        ("11.0.0.10.in-addr.arpa.", "PTR", "NOERROR", ["web.default.cluster.local."]),
        ("11.0.0.10.in-addr.arpa.", "A", "NOERROR", []),
    ],
)
def test_answers(asked: str, kind: str, code: str, answer: list[str]) -> None:
    assert text(example().find(name(asked), dns.rdatatype.from_text(kind))) == (code, answer)


@pytest.mark.parametrize(
    "asked", ["example.com.", "cluster.locale.", "local.", "1.0.0.10.in-addr.arpa.", "10.in-addr.arpa.", "."]
)
def test_what_others_are_asked(asked: str) -> None:
    assert example().find(name(asked), dns.rdatatype.A) is None


@pytest.mark.parametrize(
    ("asked", "apex"),
    [("nothing", "cluster.local."), ("web.default", "cluster.local."), ("11.0.0.10.in-addr.arpa.",) * 2],
)
def test_who_hears_of_nothing_hears_for_how_long_to_believe_it(asked: str, apex: str) -> None:
    found = example().find(name(asked), dns.rdatatype.MX)
    assert found is not None
    (authority,) = found.authority
    assert (authority.name.to_text(), authority.ttl, authority[0].minimum) == (apex, NEGATIVE_TTL, NEGATIVE_TTL)
    assert not found.answer


def test_who_asks_for_a_service_is_told_the_addresses_too() -> None:
    found = example().find(name("db.a.team"), dns.rdatatype.SRV)
    assert found is not None
    assert [one.ttl for one in found.answer] == [TTL]
    assert {str(one.name): str(one[0]) for one in found.additional} == {
        f"{pod}.db.a.team.cluster.local.": address for address, pod in PODS.items()
    }


def test_the_serial_grows_with_changes_alone() -> None:
    zone = example()
    (soa,) = zone.find(DOMAIN, dns.rdatatype.SOA).answer  # type: ignore[union-attr]
    assert soa[0].serial == SERIAL + 3
    zone.put(("default", "empty"), of(make_headless("empty")))
    zone.put(("default", "unknown"), {})
    (same,) = zone.find(DOMAIN, dns.rdatatype.SOA).answer  # type: ignore[union-attr]
    assert same[0].serial == SERIAL + 3


def test_everything_of_a_name_at_once() -> None:
    found = example().find(name("web.default"), dns.rdatatype.ANY)
    assert found is not None
    assert sorted(one.rdtype.name for one in found.answer) == ["A", "SRV"]


def test_two_services_may_answer_for_one_name() -> None:
    zone = Zone(DOMAIN, 1)
    zone.put(("b", "a"), of(make_headless("a", namespace="b"), make_endpoints("a", {"10.1.0.1": "x"})))
    zone.put(("a.b", "x"), of(make_service("x", "10.0.0.9", namespace="a.b")))
    assert text(zone.find(name("x.a.b"), dns.rdatatype.A)) == ("NOERROR", ["10.0.0.9", "10.1.0.1"])
    zone.put(("b", "a"), {})
    assert text(zone.find(name("x.a.b"), dns.rdatatype.A)) == ("NOERROR", ["10.0.0.9"])


NAMES, NAMESPACES = ["a", "b"], ["n", "m", "b.n"]
services = st.builds(
    lambda name, namespace, address, port: make_service(name, address, namespace=namespace, port_name=port),
    st.sampled_from(NAMES),
    st.sampled_from(NAMESPACES),
    st.sampled_from(["", "None", "10.0.0.1", "10.0.0.2"]),
    st.sampled_from(["", "p"]),
)
pods = st.dictionaries(st.sampled_from(["10.1.0.1", "10.1.0.2"]), st.sampled_from(["", "b", "x"]), min_size=1)
changes = st.lists(st.tuples(services, pods, st.booleans()), max_size=12)
ASKED = ["a.n", "b.n", "a.b.n", "b.a.n", "x.a.m", "n", "m", "b", "_tcp.a.n", "_p._tcp.a.n", "10-1-0-1.a.n", "@"]
REVERSE = ["1.0.0.10.in-addr.arpa.", "2.0.0.10.in-addr.arpa."]


@given(changes)
def test_a_zone_that_changes_is_the_one_that_is_made_of_what_is_left(steps: list[tuple[object, object, bool]]) -> None:
    zone, left = Zone(DOMAIN, SERIAL), {}
    for service, found, gone in steps:
        key = (service.metadata.namespace, service.metadata.name)  # type: ignore[attr-defined]
        endpoints = make_endpoints(key[1], found, namespace=key[0])  # type: ignore[arg-type]
        left[key] = {} if gone else of(service, endpoints)
        zone.put(key, left[key])
    fresh = Zone(DOMAIN, SERIAL)
    for key, records in left.items():
        fresh.put(key, records)
    for asked in ASKED + REVERSE:
        for kind in (dns.rdatatype.A, dns.rdatatype.SRV, dns.rdatatype.PTR):
            one, other = zone.find(name(asked), kind), fresh.find(name(asked), kind)
            assert (one is None) == (other is None)
            assert one is None or text(one) == text(other)


@given(changes)
def test_a_name_exists_if_and_only_if_there_is_something_at_or_below_it(
    steps: list[tuple[object, object, bool]],
) -> None:
    zone, names = Zone(DOMAIN, SERIAL), set()
    for service, found, _ in {(s.metadata.namespace, s.metadata.name): (s, f, g) for s, f, g in steps}.values():  # type: ignore[attr-defined]
        key = (service.metadata.namespace, service.metadata.name)  # type: ignore[attr-defined]
        records = of(service, make_endpoints(key[1], found, namespace=key[0]))  # type: ignore[arg-type]
        zone.put(key, records)
        names |= set(records)
    for asked in map(name, ASKED):
        there = asked == DOMAIN or any(one.is_subdomain(asked) for one in names)
        result = zone.find(asked, dns.rdatatype.A)
        assert result is not None
        assert result.rcode == (NOERROR if there else NXDOMAIN)
