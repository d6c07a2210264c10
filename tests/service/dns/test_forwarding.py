"""Other names are asked of other servers, in whatever state these are."""

from __future__ import annotations

import asyncio

import dns.flags
import dns.message
import dns.rcode
import pytest

from peapod.common.address import HostPort
from peapod.dns import forwarder
from peapod.dns.server import Dns
from tests.support.apiserver import OwnApi
from tests.support.dns import Client, Double, addressed, heard, running_dns, running_double, with_addresses
from tests.support.ports import free_port
from tests.support.service_objects import make_service, store_service

SOON = 0.2
"""Seconds that a server that does not answer is given here."""


def nobody() -> HostPort:
    return HostPort("127.0.0.1", free_port())


def truncated(query: dns.message.Message) -> dns.message.Message:
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.TC
    return answer


def helpless(query: dns.message.Message) -> dns.message.Message:
    answer = dns.message.make_response(query)
    answer.set_rcode(dns.rcode.SERVFAIL)
    return answer


async def test_a_name_of_elsewhere_is_asked_of_another_server(client: Client, upstream: Double) -> None:
    answer = await client.ask("www.example.com", "A", want_dnssec=True)
    assert [str(one) for one in answer.answer[0]] == ["192.0.2.80"]
    assert not answer.flags & dns.flags.AA
    assert upstream.asked["www.example.com"] == 1
    assert (await client.ask("1.2.0.192.in-addr.arpa", "PTR")).rcode() == dns.rcode.NOERROR
    assert upstream.asked["1.2.0.192.in-addr.arpa"] == 1


async def test_no_name_of_the_cluster_is(client: Client, upstream: Double) -> None:
    for name in ("nothing.default.cluster.local", "cluster.local", "a.b.c.d.CLUSTER.local"):
        await client.ask(name)
    assert not upstream.asked


async def test_what_a_datagram_of_theirs_does_not_hold_is_fetched_over_a_connection(
    client: Client, upstream: Double
) -> None:
    many = [f"192.0.2.{number}" for number in range(100)]
    upstream.over_udp, upstream.over_tcp = truncated, lambda query: with_addresses(query, *many)
    answer = await client.ask("many.example.com")
    assert answer.flags & dns.flags.TC
    assert await client.addresses("many.example.com.") == sorted(many)
    assert (upstream.asked["udp"], upstream.asked["tcp"]) == (3, 3)


async def test_one_that_is_dead_is_passed_over_and_then_asked_last(
    api: OwnApi, upstream: Double, caplog: pytest.LogCaptureFixture
) -> None:
    dead = nobody()
    async with running_dns(api.address, dead, upstream, upstream_seconds=SOON) as server:
        client = Client(server)
        for number in range(3):
            assert (await client.ask(f"{number}.example.com")).rcode() == dns.rcode.NOERROR
    assert len([line for line in caplog.messages if f"{dead} does not answer" in line]) == 1


async def test_of_one_that_cannot_help_another_is_asked(api: OwnApi, upstream: Double) -> None:
    async with running_double() as better, running_dns(api.address, upstream, better) as server:
        upstream.over_udp = helpless
        assert (await Client(server).ask("www.example.com")).answer
        better.over_udp = helpless
        assert (await Client(server).ask("www.example.com")).rcode() == dns.rcode.SERVFAIL
        assert (upstream.asked["udp"], better.asked["udp"]) == (2, 2)


async def test_where_all_are_silent_the_answer_is_that_there_is_none(api: OwnApi, upstream: Double) -> None:
    upstream.over_udp = lambda _: None
    async with running_dns(api.address, upstream, nobody(), upstream_seconds=SOON) as server:
        assert (await Client(server).ask("www.example.com")).rcode() == dns.rcode.SERVFAIL
        upstream.over_udp = addressed
        assert (await Client(server).ask("www.example.com")).answer, "it is asked again"


async def test_names_of_the_cluster_do_not_wait_for_a_slow_server(
    api: OwnApi, server: Dns, client: Client, upstream: Double
) -> None:
    await store_service(api, make_service("web", "10.0.0.11"))
    await heard(server, lambda: ("default", "web") in server.services.objects)
    upstream.may_answer.clear()
    slow = [asyncio.create_task(client.ask(f"{number}.example.com", tcp=bool(number % 2))) for number in range(20)]
    await upstream.until_asked("19.example.com")
    assert await client.addresses("web") == await client.addresses("web", tcp=True) == ["10.0.0.11"]
    upstream.may_answer.set()
    assert all(answer.answer for answer in await asyncio.gather(*slow))


async def test_what_is_being_asked_is_not_asked_a_second_time(client: Client, upstream: Double) -> None:
    upstream.may_answer.clear()
    names = ["www.example.com", "WWW.example.com"] * 5
    async with client.datagrams() as exchange:
        # What is answered at once comes last: by then all others have come.
        await exchange.send(*(dns.message.make_query(name, "A") for name in [*names, "nothing.cluster.local"]))
        assert (await exchange.receive()).rcode() == dns.rcode.NXDOMAIN
        upstream.may_answer.set()
        assert sorted([(await exchange.receive()).question[0].name.to_text(True) for _ in names]) == sorted(names)
    assert upstream.asked == {"www.example.com": 1, "udp": 1}


async def test_no_more_wait_than_there_is_room_for(
    client: Client, upstream: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "WAITING_MOST", 2)
    upstream.may_answer.clear()
    waiting = [asyncio.create_task(client.ask(f"{number}.example.com")) for number in range(2)]
    for number in range(2):
        await upstream.until_asked(f"{number}.example.com")
    assert (await client.ask("2.example.com")).rcode() == dns.rcode.SERVFAIL
    upstream.may_answer.set()
    assert all(answer.answer for answer in await asyncio.gather(*waiting))


async def test_two_that_ask_each_other_go_round_only_once(api: OwnApi) -> None:
    first_place = nobody()
    async with (
        running_dns(api.address, first_place, upstream_seconds=SOON) as second,
        running_dns(api.address, second.listeners.place, address=str(first_place), upstream_seconds=SOON) as first,
    ):
        answer = await Client(first).ask("www.example.com")
    assert answer.rcode() == dns.rcode.SERVFAIL


async def test_a_server_never_asks_itself(api: OwnApi, caplog: pytest.LogCaptureFixture) -> None:
    place = nobody()
    async with running_dns(api.address, place, address=str(place)) as server:
        assert (await Client(server).ask("www.example.com")).rcode() == dns.rcode.REFUSED
    assert f"{place} is this server itself: it is not asked" in caplog.text


async def test_without_others_and_without_being_asked_to_it_asks_nobody(
    api: OwnApi, client: Client, upstream: Double
) -> None:
    async with running_dns(api.address) as alone:
        assert (await Client(alone).ask("www.example.com")).rcode() == dns.rcode.REFUSED
    query = dns.message.make_query("www.example.com", "A", flags=0)
    assert (await client.send(query)).rcode() == dns.rcode.REFUSED
    assert not upstream.asked
