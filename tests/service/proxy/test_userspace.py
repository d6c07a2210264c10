"""Connections and datagrams that this process carries itself, on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from peapod.proxy.portals import Backend, Place, Portal
from peapod.proxy.userspace import udp
from peapod.proxy.userspace.backend import UserspaceBackend
from peapod.proxy.userspace.balancer import Balancer
from peapod.proxy.userspace.sockets import listening
from peapod.proxy.userspace.tally import Tally
from peapod.proxy.userspace.udp import Datagrams
from tests.support import portals
from tests.support.apiserver import OwnApi
from tests.support.portals import OTHER, PORTAL, Network, answering, running_proxy, serve, who
from tests.support.ports import free_port

PATIENCE = 30.0
HERE = "127.0.0.1"

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def portal(*ports: int, at: int, protocol: str = "tcp", name: str = "default/web") -> Portal:
    backends = tuple(Backend(HERE, port) for port in ports)
    return Portal(name=name, protocol=protocol, port=at, portal_ips=(HERE,), backends=backends)


@pytest.fixture
async def backend() -> AsyncGenerator[UserspaceBackend]:
    running = UserspaceBackend()
    await running.open()
    yield running
    await running.close()


@asynccontextmanager
async def serving(talk: Talk) -> AsyncGenerator[int]:
    """Serve on loopback, and say at which port."""
    server = await asyncio.start_server(talk, HERE, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def saying(word: bytes) -> Talk:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(word)
        writer.close()

    return talk


async def heard(port: int) -> bytes:
    """All that is said to a client that says nothing."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(HERE, port)
        try:
            return await reader.read()
        finally:
            writer.close()


async def test_a_backend_that_refuses_is_passed_over(backend: UserspaceBackend) -> None:
    at = free_port()
    async with serving(saying(b"here")) as port:
        await backend.apply([portal(free_port(), port, at=at)])
        assert [await heard(at) for _ in range(4)] == [b"here"] * 4


async def test_a_backend_that_does_not_answer_is_passed_over_in_time(backend: UserspaceBackend) -> None:
    # Its queue is full, so that the system answers nobody else.
    with socket.create_server((HERE, 0), backlog=0) as silent, socket.socket() as first, socket.socket() as second:
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(silent.getsockname())
        at = free_port()
        async with serving(saying(b"here")) as port:
            await backend.apply([portal(silent.getsockname()[1], port, at=at)])
            assert [await heard(at) for _ in range(2)] == [b"here"] * 2


async def test_a_client_for_whom_nobody_is_there_is_broken_off(
    backend: UserspaceBackend, caplog: pytest.LogCaptureFixture
) -> None:
    at, dead = free_port(), free_port()
    await backend.apply([portal(dead, at=at)])
    with pytest.raises(ConnectionResetError):
        await heard(at)
    assert f"service default/web: nobody to connect a client to ({HERE}:{dead}: connection refused)" in caplog.messages


async def test_a_side_that_has_said_all_still_hears_the_rest(backend: UserspaceBackend) -> None:
    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(str(len(await reader.read())).encode())
        writer.close()

    at = free_port()
    async with serving(count) as port, asyncio.timeout(PATIENCE):
        await backend.apply([portal(port, at=at)])
        reader, writer = await asyncio.open_connection(HERE, at)
        writer.write(bytes(3_000_000))
        writer.write_eof()
        assert await reader.read() == b"3000000"
        writer.close()


async def test_a_side_that_breaks_off_breaks_off_the_other(backend: UserspaceBackend) -> None:
    broken: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\n")
        try:
            await reader.read()
        except OSError as error:
            broken.set_result(error)
        writer.transport.abort()

    at = free_port()
    async with serving(listen) as port, asyncio.timeout(PATIENCE):
        await backend.apply([portal(port, at=at)])
        reader, writer = await asyncio.open_connection(HERE, at)
        assert await reader.readline() == b"hello\n"
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()
        assert isinstance(await broken, ConnectionResetError)


async def test_a_slow_reader_slows_the_writer_down(backend: UserspaceBackend) -> None:
    stalled, go_on = asyncio.Event(), asyncio.Event()
    sent = 0
    most = 200 * 1024 * 1024

    async def pour(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        piece = bytes(65536)
        while sent < most and not go_on.is_set():
            writer.write(piece)
            sent += len(piece)
            drained = asyncio.ensure_future(writer.drain())
            # Whoever is not let go on for a second is held up.
            if not (await asyncio.wait([drained], timeout=1))[0]:
                stalled.set()
            await drained
        writer.close()

    at = free_port()
    async with serving(pour) as port, asyncio.timeout(PATIENCE):
        await backend.apply([portal(port, at=at)])
        reader, writer = await asyncio.open_connection(HERE, at)
        await stalled.wait()
        assert sent < most
        go_on.set()
        received = 0
        while piece := await reader.read(65536):
            received += len(piece)
        assert received == sent
        writer.close()


async def test_a_connection_outlives_its_portal_but_not_the_proxy() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    at = free_port()
    backend = UserspaceBackend()
    async with serving(echo) as port, asyncio.timeout(PATIENCE):
        await backend.apply([portal(port, at=at)])
        reader, writer = await asyncio.open_connection(HERE, at)
        for done in ("closed 1 sockets", ""):
            assert await backend.apply([]) == done
            writer.write(b"hello\n")
            assert await reader.readline() == b"hello\n"
        with pytest.raises(ConnectionRefusedError):
            await heard(at)
        await backend.close()
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_a_place_that_goes_to_another_service_leads_there(backend: UserspaceBackend) -> None:
    at = free_port()
    async with serving(saying(b"one")) as one, serving(saying(b"two")) as two:
        await backend.apply([portal(one, at=at, name="default/one")])
        assert await heard(at) == b"one"
        assert await backend.apply([portal(two, at=at, name="default/two")]) == "opened 1 sockets, closed 1 sockets"
        assert await heard(at) == b"two"


class Client:
    """One of UDP, at a port of its own."""

    def __init__(self, at: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect((HERE, at))

    async def ask(self) -> bytes:
        self.socket.send(b"who")
        async with asyncio.timeout(PATIENCE):
            return await asyncio.get_running_loop().sock_recv(self.socket, 100)


class Answer(asyncio.DatagramProtocol):
    """Says one word, and remembers who asked."""

    def __init__(self, word: bytes) -> None:
        self.word = word
        self.asked: list[tuple[str, int]] = []
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def connection_lost(self, _error: Exception | None) -> None:
        self.gone.set()

    def datagram_received(self, _data: bytes, address: tuple[str, int]) -> None:  # type: ignore[override]
        self.asked.append(address)
        self.transport.sendto(self.word, address)


class Watched(Tally):
    """Tells when no session is left."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        super().__init__()

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "sessions":
            (self.over.clear if value else self.over.set)()


@asynccontextmanager
async def datagrams(idle_seconds: float, *words: bytes) -> AsyncGenerator[tuple[int, Watched, list[Answer]]]:
    """Carry datagrams to servers that say these words; the port where they are asked for comes first."""
    loop = asyncio.get_running_loop()
    answers = [
        (await loop.create_datagram_endpoint(lambda word=word: Answer(word), (HERE, 0)))[1]  # type: ignore[misc]
        for word in words
    ]
    balancer, tally = Balancer(shuffle=lambda _: None), Watched()
    balancer.update([Backend(HERE, answer.port) for answer in answers], 0)
    found = listening(Place("udp", HERE, 0))
    at = found.getsockname()[1]
    carried = Datagrams(found, balancer, tally, idle_seconds=idle_seconds)
    try:
        yield at, tally, answers
    finally:
        carried.close()
        for answer in answers:
            answer.transport.abort()
    assert tally.sessions == 0


async def test_a_client_keeps_its_session_and_others_have_their_own() -> None:
    async with datagrams(60, b"one", b"two") as (at, tally, answers):
        clients = [Client(at), Client(at)]
        for client, word in zip(clients, (b"one", b"two"), strict=True):
            assert [await client.ask() for _ in range(3)] == [word] * 3
            client.socket.close()
        assert tally.sessions == 2
        assert [len(set(answer.asked)) for answer in answers] == [1, 1]


async def test_a_session_that_is_silent_ends() -> None:
    async with datagrams(0.1, b"one", b"two") as (at, tally, _answers):
        client = Client(at)
        assert await client.ask() == b"one"
        async with asyncio.timeout(PATIENCE):
            await tally.over.wait()
        assert await client.ask() == b"two"
        client.socket.close()


async def test_a_server_that_is_gone_is_left_for_the_next_one() -> None:
    async with datagrams(60, b"one", b"two") as (at, tally, answers):
        client = Client(at)
        assert await client.ask() == b"one"
        async with asyncio.timeout(PATIENCE):
            answers[0].transport.abort()
            await answers[0].gone.wait()
            client.socket.send(b"lost")
            await tally.over.wait()
        assert await client.ask() == b"two"
        client.socket.close()


async def test_there_are_never_more_sessions_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp, "SESSIONS_MOST", 3)
    async with datagrams(60, b"one") as (at, tally, _answers):
        clients = [Client(at) for _ in range(5)]
        for client in clients:
            assert await client.ask() == b"one"
            client.socket.close()
        assert tally.sessions == 3


async def test_a_place_that_is_no_address_of_the_node_is_served_once_it_is(net: Network, api: OwnApi) -> None:
    flags = ("--mode", "userspace", "--sync-seconds", "0.2")
    async with answering(net, "a"), running_proxy(net.node, api.address, *flags) as proxy:
        await serve(api, proxy, "a")
        words = f"service default/web cannot listen at {PORTAL}:80/tcp (cannot assign requested address): it answers at"
        (line,) = (line for line in proxy.lines if words in line)
        port = int(line.rpartition(":")[2].partition("/")[0])
        assert await who(net.node, HERE, port) == "a"
        portals.lead_here(net.node)
        await proxy.says(f"service default/web: listens at {PORTAL}:80/tcp now")
        assert await who(net.node, PORTAL) == "a"
        with pytest.raises(ConnectionRefusedError):
            await who(net.node, HERE, port)


async def test_a_port_that_somebody_else_has_is_left_to_them(net: Network, api: OwnApi) -> None:
    portals.lead_here(net.node)
    with net.node.socket() as other:
        other.bind((OTHER, 80))
        other.listen()
        async with answering(net, "a"), running_proxy(net.node, api.address, "--mode", "userspace") as proxy:
            await serve(api, proxy, "a", portal=OTHER)
            await serve(api, proxy, "a", name="free")
            assert any(f"{OTHER}:80/tcp (address already in use)" in line for line in proxy.lines)
            assert await who(net.pods["c"], PORTAL) == "a"
