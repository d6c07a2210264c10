"""What must be reachable, from services and endpoints."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from peapod.common.follower import Key
from peapod.proxy.portals import AFFINITY_SECONDS, Backend, Picture, Place, Portal, difference, picture
from peapod.v1 import endpoints_pb2, pod_pb2, service_pb2

TCP, UDP = pod_pb2.PROTOCOL_TCP, pod_pb2.PROTOCOL_UDP


def service(
    name: str = "web",
    cluster_ip: str = "10.254.0.10",
    *,
    port: int = 80,
    port_name: str = "",
    protocol: pod_pb2.Protocol = TCP,
    external_ips: Iterable[str] = (),
    sticky: bool = False,
    created: int = 0,
) -> service_pb2.Service:
    made = service_pb2.Service()
    made.metadata.namespace, made.metadata.name = "default", name
    made.metadata.creation_timestamp.seconds = created
    made.spec.ports.add(port=port, name=port_name, protocol=protocol)
    made.spec.cluster_ip = cluster_ip
    made.spec.external_ips.extend(external_ips)
    if sticky:
        made.spec.session_affinity = service_pb2.SESSION_AFFINITY_CLIENT_IP
    return made


def endpoints(
    *subsets: tuple[Iterable[str], Iterable[tuple[str, int, pod_pb2.Protocol]]], name: str = "web"
) -> dict[Key, endpoints_pb2.Endpoints]:
    made = endpoints_pb2.Endpoints()
    made.metadata.namespace, made.metadata.name = "default", name
    for addresses, ports in subsets:
        subset = made.subsets.add()
        for ip in addresses:
            subset.addresses.add(ip=ip)
        for port_name, number, protocol in ports:
            subset.ports.add(name=port_name, port=number, protocol=protocol)
    return {("default", name): made}


def test_a_service_has_the_backends_of_its_endpoints() -> None:
    found = picture([service(sticky=True)], endpoints((["10.1.0.2", "10.1.0.1"], [("", 8080, TCP)])))
    backends = (Backend("10.1.0.1", 8080), Backend("10.1.0.2", 8080))
    expected = Portal("default/web", "tcp", 80, ("10.254.0.10",), (), backends, AFFINITY_SECONDS)
    assert found == Picture((expected,))
    assert AFFINITY_SECONDS == 3 * 60 * 60


def test_of_several_ports_those_of_the_name_and_the_protocol_count() -> None:
    ports = [("web", 1, TCP), ("web", 2, UDP), ("other", 3, TCP), ("", 4, TCP)]
    (portal,) = picture([service(port_name="web")], endpoints((["10.1.0.1"], ports))).portals
    assert portal.name == "default/web:web"
    assert [backend.port for backend in portal.backends] == [1, 4]


def test_subsets_are_joined_and_nobody_counts_twice() -> None:
    ports = [("", 8080, TCP)]
    found = picture([service()], endpoints((["10.1.0.1"], ports), (["10.1.0.2", "10.1.0.1"], ports)))
    assert [backend.address for backend in found.portals[0].backends] == ["10.1.0.1", "10.1.0.2"]


def test_services_without_a_portal_ip_have_no_portal() -> None:
    without = [service(ip or "empty", ip, external_ips=["192.0.2.1"]) for ip in ("None", "", "2001:db8::1")]
    assert picture(without, {}) == Picture()


def test_a_service_without_endpoints_has_a_portal_without_backends() -> None:
    for known in ({}, endpoints(), endpoints(([], [("", 80, TCP)])), endpoints((["10.1.0.1"], []))):
        (portal,) = picture([service()], known).portals
        assert portal.backends == ()


def test_public_addresses_are_taken_once_and_names_of_hosts_are_left_out() -> None:
    ips = ["192.0.2.1", "www.example.com", "192.0.2.1", "10.254.0.10", "2001:db8::1"]
    (portal,) = picture([service(external_ips=ips, protocol=UDP)], {}).portals
    assert portal.places == (Place("udp", "10.254.0.10", 80), Place("udp", "192.0.2.1", 80))


def test_a_place_is_the_oldest_services_and_portal_ips_come_first() -> None:
    old, new = service("old", created=1), service("new", created=2)
    thief = service("thief", "10.254.0.11", external_ips=["10.254.0.10"], created=0)
    found = picture([thief, new, old], {})
    assert {portal.name: portal.places for portal in found.portals} == {
        "default/old": (Place("tcp", "10.254.0.10", 80),),
        "default/thief": (Place("tcp", "10.254.0.11", 80),),
    }
    assert set(found.conflicts) == {
        "service default/thief cannot have 10.254.0.10:80/tcp: it is default/old's",
        "service default/new cannot have 10.254.0.10:80/tcp: it is default/old's",
    }


def test_services_share_an_address_by_port_and_by_protocol() -> None:
    three = [service("a"), service("b", port=81), service("c", protocol=UDP)]
    assert len(picture(three, {}).portals) == 3
    assert picture(three, {}).conflicts == ()


def test_a_portal_is_never_behind_a_portal() -> None:
    around = endpoints((["10.254.0.10", "10.1.0.1"], [("", 80, TCP)]))
    (portal,) = picture([service()], around).portals
    assert portal.backends == (Backend("10.1.0.1", 80),)


ADDRESSES = st.sampled_from([f"10.1.0.{number}" for number in range(6)])
PORTS = st.tuples(st.sampled_from(["", "web", "x"]), st.integers(1, 4), st.sampled_from([TCP, UDP]))
SUBSETS = st.lists(st.tuples(st.lists(ADDRESSES, max_size=4), st.lists(PORTS, max_size=3)), max_size=4)


@given(SUBSETS, st.sampled_from(["", "web"]), st.sampled_from([TCP, UDP]))
def test_every_service_port_has_exactly_its_backends(
    subsets: list[tuple[list[str], list[tuple[str, int, pod_pb2.Protocol]]]], name: str, protocol: pod_pb2.Protocol
) -> None:
    (portal,) = picture([service(port_name=name, protocol=protocol)], endpoints(*subsets)).portals
    for address in (f"10.1.0.{number}" for number in range(6)):
        for number in range(1, 5):
            meant = any(
                address in addresses and any((one, number, protocol) in ports for one in {name, ""})
                for addresses, ports in subsets
            )
            assert (Backend(address, number) in portal.backends) == meant


def test_what_is_different_is_said_in_one_clause() -> None:
    before = picture([service("a"), service("b", port=81), service("d", port=82)], {}).portals
    after = picture([service("b", port=81), service("c", port=83), service("d", port=84)], {}).portals
    assert difference(before, after) == "added default/c, changed default/d, removed default/a"
    assert difference(before, before) == ""
    many = picture([service(f"s{number}", port=number) for number in range(1, 10)], {}).portals
    assert difference((), many) == "added default/s1 default/s2 default/s3 default/s4 default/s5 and 4 more"
