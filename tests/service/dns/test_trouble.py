"""A DNS server among broken packets, slow readers and dead apiservers."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import dns.message
import dns.rcode
import pytest

from peapod.common.address import HostPort
from peapod.common.errors import Invalid, Unavailable
from peapod.dns import listeners
from peapod.dns.config import DnsConfig
from peapod.dns.server import Dns
from tests.support.apiserver import OwnApi, running_apiserver
from tests.support.dns import Client, heard, running_dns
from tests.support.following import PATIENCE
from tests.support.ports import free_port
from tests.support.service_objects import make_endpoints, make_headless, make_service, store_endpoints, store_service

NAME, DB = "nothing.default.cluster.local", "db.default.cluster.local"


def framed(*queries: dns.message.Message) -> bytes:
    packets = [query.to_wire() for query in queries]
    return b"".join(len(packet).to_bytes(2, "big") + packet for packet in packets)


async def read(reader: asyncio.StreamReader) -> dns.message.Message:
    async with asyncio.timeout(PATIENCE):
        length = int.from_bytes(await reader.readexactly(2), "big")
        return dns.message.from_wire(await reader.readexactly(length))


async def test_it_goes_on_with_what_it_knows_when_the_apiserver_goes(tmp_path: Path) -> None:
    port = free_port()
    place = {"address": f"127.0.0.1:{port}"}
    async with running_dns(place["address"]) as server:
        client = Client(server)
        early = await client.ask("web.default.cluster.local")
        assert early.rcode() == dns.rcode.SERVFAIL, "nobody may believe that a name is not there that is not known"
        async with running_apiserver(tmp_path / "peapod.db", **place) as api:
            await api.channel.channel_ready()
            await store_service(api, make_service("web", "10.0.0.11"))
            await heard(server, lambda: ("default", "web") in server.services.objects)
            assert await client.addresses("web") == ["10.0.0.11"]
        assert await client.addresses("web") == ["10.0.0.11"]
        async with running_apiserver(tmp_path / "peapod.db", **place) as api:
            await api.channel.channel_ready()
            await store_service(api, make_service("late", "10.0.0.12"))
            await heard(server, lambda: ("default", "late") in server.services.objects)
            assert await client.addresses("web") == ["10.0.0.11"]
            assert await client.addresses("late") == ["10.0.0.12"]


async def test_before_it_knows_the_cluster_it_forwards_already(upstream: object) -> None:
    async with running_dns(f"127.0.0.1:{free_port()}", upstream) as server:  # type: ignore[arg-type]
        assert (await Client(server).ask("www.example.com")).answer


async def test_broken_packets_do_no_harm(server: Dns, client: Client) -> None:
    async with client.datagrams() as exchange:
        await exchange.send(b"", b"x", b"\0" * 11, b"\xff" * 40, dns.message.make_query(NAME, "A").to_wire()[:-2])
        assert (await exchange.receive()).rcode() == dns.rcode.FORMERR
    assert (await client.ask(NAME)).rcode() == dns.rcode.NXDOMAIN


async def test_a_connection_takes_several_questions_and_ends_with_one_that_is_none(client: Client) -> None:
    first, second = dns.message.make_query(NAME, "A"), dns.message.make_query("cluster.local", "SOA")
    reader, writer = await asyncio.open_connection(*client.place)
    writer.write(framed(first, second))
    assert (await read(reader)).rcode() == dns.rcode.NXDOMAIN
    assert (await read(reader)).answer[0][0].minimum == 5
    writer.write(framed(dns.message.make_response(first)))
    assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
    writer.close()
    await writer.wait_closed()


async def test_a_connection_on_which_nothing_comes_is_closed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "IDLE_SECONDS", 0.1)
    reader, writer = await asyncio.open_connection(*client.place)
    writer.write(b"\0")
    assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
    writer.close()
    await writer.wait_closed()


async def test_one_that_reads_nothing_is_cut_off_and_holds_nobody_up(
    api: OwnApi, server: Dns, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_service(api, make_headless("db"))
    pods = {f"10.1.{number // 200}.{number % 200}": f"db-{number}" for number in range(1000)}
    await store_endpoints(api, make_endpoints("db", pods))
    await heard(server, lambda: ("default", "db") in server.services.objects.keys() & server.endpoints.objects.keys())
    monkeypatch.setattr(listeners, "IDLE_SECONDS", 0.5)
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.connect(client.place)
    reader, writer = await asyncio.open_connection(sock=opened, limit=1)
    # Far more answers than the sockets between them hold.
    writer.write(framed(*(dns.message.make_query(DB, "SRV") for _ in range(1000))))
    assert len((await client.ask(DB, tcp=True)).answer[0]) == 1000
    await asyncio.wait_for(asyncio.wait(server.listeners.tasks), PATIENCE)
    assert len(await reader.read()) < 1000 * len((await client.ask(DB, "SRV", tcp=True)).to_wire())
    writer.close()


async def test_there_are_no_more_connections_than_there_is_room_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "CONNECTIONS_MOST", 1)
    _, first = await asyncio.open_connection(*client.place)
    reader, second = await asyncio.open_connection(*client.place)
    assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
    assert (await client.ask(NAME)).rcode() == dns.rcode.NXDOMAIN, "datagrams are answered all the same"
    for writer in (first, second):
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
async def test_a_port_that_is_taken_is_named_with_its_protocol(api: OwnApi, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        place = HostPort("127.0.0.1", taken.getsockname()[1])
        if kind == socket.SOCK_STREAM:
            taken.listen()
        protocol = "TCP" if kind == socket.SOCK_STREAM else "UDP"
        with pytest.raises(Unavailable, match=f"cannot listen on {place} over {protocol}: address already in use"):
            async with running_dns(api.address, address=str(place)):
                raise AssertionError("it runs")


def test_others_reach_it_only_if_they_are_meant_to() -> None:
    with pytest.raises(Invalid, match="--allow-insecure permits it"):
        Dns(DnsConfig(address="0.0.0.0:0"))
