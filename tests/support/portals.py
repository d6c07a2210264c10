"""A node with pods in networks of the test's own, somebody outside, and a proxy on the node.

pods a, b, c   10.253.1.11 to .13, on the node's bridge 10.253.1.1
outside        192.0.2.9, by a cable to the node's 192.0.2.1
portals        10.0.0.0/24, which leads nowhere but where the proxy brings it
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from peapod.v1 import endpoints_pb2, pod_pb2, service_pb2
from peapod.v1.endpoints_service_pb2 import CreateEndpointsRequest, ListEndpointsRequest, UpdateEndpointsRequest
from peapod.v1.service_service_pb2 import CreateServiceRequest, DeleteServiceRequest
from tests.support.apiserver import Api
from tests.support.netns import Netns, namespaces, open_connection

PORTALS = "10.0.0.0/24"
PORTAL, OTHER = "10.0.0.10", "10.0.0.11"
NODE, OUTSIDE = "192.0.2.1", "192.0.2.9"
PORT = 8080
PATIENCE = 30.0
TCP, UDP = pod_pb2.PROTOCOL_TCP, pod_pb2.PROTOCOL_UDP

_REVISIONS = re.compile(r"services at revision (\d+), endpoints at revision (\d+)")


@dataclass
class Network:
    """The namespaces by name, and the addresses of pods."""

    node: Netns
    outside: Netns
    pods: dict[str, Netns]

    @staticmethod
    def address(pod: str) -> str:
        return "127.0.0.1" if pod == "n" else f"10.253.1.{11 + ord(pod) - ord('a')}"


@contextmanager
def network() -> Iterator[Network]:
    """Make the network; portals lead nowhere yet."""
    with namespaces(5) as (node, outside, *pods):
        found = Network(node, outside, dict(zip("abc", pods, strict=True)))
        node.run("ip", "link", "add", "br0", "type", "bridge")
        node.run("ip", "addr", "add", "10.253.1.1/24", "dev", "br0")
        node.run("ip", "link", "set", "br0", "up")
        for name, pod in found.pods.items():
            node.connect(pod, f"pod-{name}", "eth0")
            # A port sends nothing back where it came from unless told, and a pod may want to reach itself.
            node.run("ip", "link", "set", f"pod-{name}", "master", "br0")
            node.run("ip", "link", "set", f"pod-{name}", "type", "bridge_slave", "hairpin", "on")
            pod.run("ip", "addr", "add", f"{found.address(name)}/24", "dev", "eth0")
            pod.run("ip", "route", "add", "default", "via", "10.253.1.1")
        node.connect(outside, "eth0", "eth0")
        node.run("ip", "addr", "add", f"{NODE}/24", "dev", "eth0")
        outside.run("ip", "addr", "add", f"{OUTSIDE}/24", "dev", "eth0")
        outside.run("ip", "route", "add", "10.253.1.0/24", "via", NODE)
        node.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        found.pods["n"] = node
        yield found


def lead_away(node: Netns) -> None:
    """Have the node send to portals as to any other address that is not its own: outside, where nobody knows them."""
    node.run("ip", "route", "add", PORTALS, "via", OUTSIDE)


def lead_here(node: Netns) -> None:
    """Make all portals the node's own addresses."""
    node.run("ip", "route", "add", "local", PORTALS, "dev", "lo")


class Proxy:
    """`peapod proxy` in the node's namespace. Its apiserver is behind a socket in the file system, which is in none."""

    def __init__(self, node: Netns, apiserver: str, *flags: str, through: Sequence[str] = ()) -> None:
        self._command = (*node.prefix, *through, sys.executable, "-m", "peapod.proxy", "--apiserver", apiserver, *flags)
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._ended = False
        self.lines: list[str] = []

    async def start(self) -> None:
        self._ended = False
        self._process = await asyncio.create_subprocess_exec(*self._command, stderr=asyncio.subprocess.PIPE)
        self._reading = asyncio.create_task(self._read())

    async def kill(self) -> None:
        """End it by SIGKILL, if it runs."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self.ended()

    async def stop(self) -> int:
        """End it by SIGTERM."""
        assert self._process is not None
        self._process.terminate()
        return await self.ended()

    async def ended(self) -> int:
        assert self._process is not None
        assert self._reading is not None
        await self._reading
        return await self._process.wait()

    async def applied(self, *, services: int = 0, endpoints: int = 0) -> None:
        """Wait until it has made reachable what was written at these revisions."""

        def there() -> bool:
            found = (_REVISIONS.search(line) for line in self.lines)
            return any(one and int(one[1]) >= services and int(one[2]) >= endpoints for one in found)

        await self.until(there)

    async def says(self, words: str, since: int = 0, times: int = 1) -> None:
        """Wait for words in its log, behind the first `since` lines."""
        await self.until(lambda: sum(words in line for line in self.lines[since:]) >= times)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something in its log, or its end."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: self._ended or holds())
        assert holds(), "\n".join(self.lines)

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            async with self._news:
                self.lines.append(line.decode().rstrip())
                self._news.notify_all()
        async with self._news:
            self._ended = True
            self._news.notify_all()


@asynccontextmanager
async def running_proxy(node: Netns, apiserver: str, *flags: str, through: Sequence[str] = ()) -> AsyncGenerator[Proxy]:
    """Run a proxy until the block ends, by way of a program that takes rights from it."""
    proxy = Proxy(node, apiserver, *flags, through=through)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.kill()
        print(*proxy.lines, sep="\n")


async def declare(
    api: Api,
    portal_ip: str,
    *,
    name: str = "web",
    protocol: pod_pb2.Protocol = TCP,
    public_ips: Iterable[str] = (),
    sticky: bool = False,
) -> int:
    """Create a service on port 80, and say at which revision."""
    service = service_pb2.Service()
    service.metadata.name, service.metadata.namespace = name, "default"
    service.spec.ports.add(port=80, protocol=protocol)
    service.spec.cluster_ip = portal_ip
    service.spec.external_ips.extend(public_ips)
    if sticky:
        service.spec.session_affinity = service_pb2.SESSION_AFFINITY_CLIENT_IP
    created = await api.services.create_service(CreateServiceRequest(service=service))
    return created.service.metadata.resource_version


async def withdraw(api: Api, name: str = "web") -> None:
    """Delete the service, not its endpoints."""
    await api.services.delete_service(DeleteServiceRequest(namespace="default", name=name))


async def back(api: Api, *pods: str, name: str = "web", protocol: pod_pb2.Protocol = TCP) -> int:
    """Say which pods are behind a service, and at which revision that is said."""
    endpoints = endpoints_pb2.Endpoints()
    endpoints.metadata.name, endpoints.metadata.namespace = name, "default"
    if pods:
        subset = endpoints.subsets.add()
        subset.ports.add(port=PORT, protocol=protocol)
        for pod in pods:
            subset.addresses.add(ip=Network.address(pod))
    named = ListEndpointsRequest(namespace="default", field_selector=f"metadata.name={name}")
    known = (await api.endpoints.list_endpoints(named)).items
    if not known:
        created = await api.endpoints.create_endpoints(CreateEndpointsRequest(endpoints=endpoints))
        return created.endpoints.metadata.resource_version
    endpoints.metadata.resource_version = known[0].metadata.resource_version
    updated = await api.endpoints.update_endpoints(UpdateEndpointsRequest(endpoints=endpoints))
    return updated.endpoints.metadata.resource_version


async def serve(
    api: Api,
    proxy: Proxy,
    *pods: str,
    portal: str = PORTAL,
    name: str = "web",
    protocol: pod_pb2.Protocol = TCP,
    public_ips: Iterable[str] = (),
    sticky: bool = False,
) -> None:
    """Create a service that pods are behind, or nobody, and wait until the proxy has made it reachable."""
    services = await declare(api, portal, name=name, protocol=protocol, public_ips=public_ips, sticky=sticky)
    endpoints = await back(api, *pods, name=name, protocol=protocol) if pods else 0
    await proxy.applied(services=services, endpoints=endpoints)


@asynccontextmanager
async def answering(network: Network, *pods: str) -> AsyncGenerator[None]:
    """Have pods say who they are and who asks, and then everything again that they hear, over TCP and UDP."""
    servers: list[asyncio.Server] = []
    echoes: list[asyncio.DatagramTransport] = []
    loop = asyncio.get_running_loop()
    try:
        for pod in pods:
            stream, datagram = network.pods[pod].socket(), network.pods[pod].socket(socket.SOCK_DGRAM)
            for one in (stream, datagram):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind((network.address(pod), PORT))
            servers.append(await asyncio.start_server(_greeting(pod), sock=stream))
            echoes.append((await loop.create_datagram_endpoint(lambda pod=pod: _Echo(pod), sock=datagram))[0])
        yield
    finally:
        for server in servers:
            server.close()
        for echo in echoes:
            echo.abort()


@dataclass
class Conversation:
    """A connection to who answered, and what it said: its name, and who it takes the client for."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    name: str
    seen: str

    async def echo(self, word: str) -> str:
        self.writer.write(f"{word}\n".encode())
        return await self.line()

    async def line(self) -> str:
        async with asyncio.timeout(PATIENCE):
            return (await self.reader.readline()).decode().strip()


@asynccontextmanager
async def talking(source: Netns, address: str, port: int = 80) -> AsyncGenerator[Conversation]:
    """Connect from a namespace; raises ConnectionRefusedError where that is refused."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await open_connection(source, address, port)
    try:
        async with asyncio.timeout(PATIENCE):
            name, seen = (await reader.readuntil()).decode().split()
        yield Conversation(reader, writer, name, seen)
    finally:
        writer.transport.abort()


async def who(source: Netns, address: str, port: int = 80) -> str:
    """Say who answers."""
    async with talking(source, address, port) as conversation:
        return conversation.name


REFUSED = (ConnectionRefusedError, PermissionError)
"""What a sender of datagrams hears where nobody answers; the second where its own node refuses to send them."""


class Asker:
    """A client of UDP, on one port."""

    def __init__(self, made: socket.socket) -> None:
        self._socket = made

    async def ask(self) -> str:
        """Send a datagram and say who answers; raises one of `REFUSED` where nobody does."""
        loop = asyncio.get_running_loop()
        word = os.urandom(8).hex()
        async with asyncio.timeout(PATIENCE):
            await loop.sock_sendall(self._socket, word.encode())
            while (answer := (await loop.sock_recv(self._socket, 1000)).decode().split())[1] != word:
                continue
        return answer[0]


@contextmanager
def asking(source: Netns, address: str, port: int = 80) -> Iterator[Asker]:
    """Ask from a namespace by datagrams."""
    with source.socket(socket.SOCK_DGRAM) as made:
        made.connect((address, port))
        yield Asker(made)


def _greeting(name: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(f"{name} {writer.get_extra_info('peername')[0]}\n".encode())
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
            writer.write(b"end\n")
            await writer.drain()
        except OSError:
            return
        finally:
            writer.close()

    return greet


class _Echo(asyncio.DatagramProtocol):
    def __init__(self, name: str) -> None:
        self._name = name

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:  # type: ignore[override]
        self._transport.sendto(f"{self._name} ".encode() + data, address)
