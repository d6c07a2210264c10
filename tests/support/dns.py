"""A real DNS server in this process, a client of it, and doubles of the servers that it asks; all on loopback."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import dns.asyncquery
import dns.asyncresolver
import dns.flags
import dns.message
from dns.asyncresolver import Resolver
from dns.message import Message

from peapod.common.address import HostPort
from peapod.dns.config import DnsConfig
from peapod.dns.messages import TCP_MOST
from peapod.dns.server import Dns
from tests.support.following import PATIENCE
from tests.support.needs import lacking

Make = Callable[[Message], Message | None]
"""Answers a question, or leaves it without an answer."""


def addressed(query: Message) -> Message:
    """Answer every question with one address."""
    return with_addresses(query, "192.0.2.80")


def with_addresses(query: Message, *addresses: str) -> Message:
    answer = dns.message.make_response(query, recursion_available=True)
    answer.answer.append(dns.rrset.from_text_list(query.question[0].name, 60, "IN", "A", addresses))
    return answer


class Double(asyncio.DatagramProtocol):
    """Another DNS server: answers as `over_udp` and `over_tcp` say, when it `may_answer`, and counts questions."""

    def __init__(self) -> None:
        self.over_udp: Make = addressed
        self.over_tcp: Make = addressed
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked: Counter[str] = Counter()
        self.came = asyncio.Event()
        self.place = HostPort("127.0.0.1", 0)
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        task = asyncio.create_task(self._datagram(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def until_asked(self, name: str) -> None:
        """Wait until a question for a name has come."""
        async with asyncio.timeout(PATIENCE):
            while not self.asked[name]:
                self.came.clear()
                await self.came.wait()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            packet = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
            if (reply := await self._answer(packet, self.over_tcp, "tcp")) is not None:
                writer.write(len(reply).to_bytes(2, "big") + reply)
                await writer.drain()
        finally:
            writer.close()

    async def _datagram(self, packet: bytes, sender: object) -> None:
        if (reply := await self._answer(packet, self.over_udp, "udp")) is not None:
            self._transport.sendto(reply, sender)  # type: ignore[attr-defined]

    async def _answer(self, packet: bytes, make: Make, how: str) -> bytes | None:
        query = dns.message.from_wire(packet)
        self.asked.update([how, query.question[0].name.to_text(omit_final_dot=True)])
        self.came.set()
        await self.may_answer.wait()
        answer = make(query)
        return None if answer is None else answer.to_wire(max_size=TCP_MOST)


@asynccontextmanager
async def running_double() -> AsyncGenerator[Double]:
    """Another DNS server on a port of loopback, the same for UDP and TCP."""
    double = Double()
    server = await asyncio.start_server(double.connected, "127.0.0.1", 0)
    double.place = HostPort("127.0.0.1", server.sockets[0].getsockname()[1])
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: double, local_addr=double.place)
    try:
        yield double
    finally:
        transport.close()
        server.close()


@asynccontextmanager
async def running_dns(apiserver: str, *upstreams: Double | HostPort, **settings: object) -> AsyncGenerator[Dns]:
    """Run a DNS server of an apiserver, which asks these and nobody else; `settings` are fields of its config."""
    places = tuple(str(one.place if isinstance(one, Double) else one) for one in upstreams)
    fields = {"address": "127.0.0.1:0", "apiserver": apiserver, "upstream": places, "resolv_conf": "/dev/null"}
    server = Dns(DnsConfig(**(fields | settings)))  # type: ignore[arg-type]
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


async def heard(server: Dns, holds: Callable[[], bool] = lambda: True) -> None:
    """Wait until the server has heard of all services and endpoints once, and something holds."""
    changed = asyncio.Event()
    async with asyncio.timeout(PATIENCE):
        for informer in (server.services, server.endpoints):
            informer.on_change(lambda *_: changed.set())
            await informer.synced()
        while not holds():
            changed.clear()
            await changed.wait()


def port_53() -> HostPort:
    """Port 53 of an address of loopback that no other test has; where it cannot be had, the test is skipped."""
    host = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(1, 254)}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 53))
        except OSError as error:
            lacking(f"port 53 of loopback cannot be had: {error.strerror}")
    return HostPort(host, 53)


class Exchange:
    """One socket, on which questions go out in their order."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._loop = asyncio.get_running_loop()

    async def send(self, *packets: Message | bytes) -> None:
        for packet in packets:
            wire = packet if isinstance(packet, bytes) else packet.to_wire()
            await self._loop.sock_sendall(self._socket, wire)

    async def receive(self) -> Message:
        """Wait for the next answer, to whichever question."""
        return dns.message.from_wire(await asyncio.wait_for(self._loop.sock_recv(self._socket, TCP_MOST), PATIENCE))


class Client:
    """Asks one server, over UDP unless told otherwise."""

    def __init__(self, server: Dns) -> None:
        self.place = server.listeners.place

    @property
    def resolver(self) -> Resolver:
        """A resolver as a pod of the namespace `default` has one."""
        made = Resolver(configure=False)
        made.nameservers, made.port = [self.place.host], self.place.port
        made.search = [dns.name.from_text(text) for text in ("default.cluster.local", "cluster.local")]
        made.ndots = 5
        return made

    async def ask(self, name: str, kind: str = "A", *, tcp: bool = False, **options: object) -> Message:
        """Ask one question, and return the answer as it came."""
        query = dns.message.make_query(name, kind, **options)  # type: ignore[arg-type]
        return await self.send(query, tcp=tcp)

    async def send(self, query: Message, *, tcp: bool = False) -> Message:
        call = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
        return await call(query, self.place.host, port=self.place.port, timeout=PATIENCE)

    @asynccontextmanager
    async def datagrams(self) -> AsyncGenerator[Exchange]:
        """Send packets, and receive what comes back."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
            opened.setblocking(False)
            opened.connect(self.place)
            yield Exchange(opened)

    async def addresses(self, name: str, *, tcp: bool = False) -> list[str]:
        """Resolve as a pod does."""
        return sorted(str(one) for one in await self.resolver.resolve(name, "A", tcp=tcp, search=True))
