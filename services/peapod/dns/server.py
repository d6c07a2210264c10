"""Wires the DNS: informers, the zone that they fill, the servers that are asked, sockets, and gRPC health besides."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from pathlib import Path
from typing import Any

import dns.name

from peapod.common import address, kinds, process, resolv_conf
from peapod.common.address import HostPort
from peapod.common.channel import open_channel
from peapod.common.follower import source_of
from peapod.common.informer import Informer
from peapod.common.server import Server
from peapod.dns import metrics, upstreams
from peapod.dns.catalog import Catalog
from peapod.dns.config import DnsConfig
from peapod.dns.desk import Desk
from peapod.dns.forwarder import Forwarder
from peapod.dns.listeners import Listeners
from peapod.dns.zone import Zone
from peapod.v1.endpoints_pb2 import Endpoints
from peapod.v1.service_pb2 import Service

logger = logging.getLogger(__name__)


class Dns:
    """One DNS server. `start` once, `stop` once; what it keeps is a copy, so any number may run."""

    def __init__(self, config: DnsConfig) -> None:
        address.refuse_exposed(config.address, config.allow_insecure)
        self._config = config
        self._channel = open_channel(config.apiserver)
        self.services: Informer[Service] = self._informer(kinds.SERVICE)
        self.endpoints: Informer[Endpoints] = self._informer(kinds.ENDPOINTS)
        # Whoever keeps a negative answer compares serials: those of a restarted server go on.
        zone = Zone(dns.name.from_text(config.cluster_domain), int(time.time()))
        self._forwarder = Forwarder(config.upstream_seconds)
        desk = Desk(Catalog(zone, self.services, self.endpoints), self._forwarder)
        self.listeners = Listeners(desk, address.parse(config.address))
        self._tasks: list[asyncio.Task[None]] = []
        self.server = Server(
            config.grpc_address,
            "dns",
            lambda _guard: (),
            (),
            allow_insecure=config.allow_insecure,
            metrics_address=config.metrics_address,
        )
        metrics.register(self.server.registry, desk)

    async def start(self) -> None:
        """Answer, and only then say that all is well; names of services are known once the apiserver is there."""
        await self.listeners.start()
        place = self.listeners.place
        self._forwarder.servers = await asyncio.to_thread(_upstreams, self._config, place)
        asked = ", ".join(map(str, self._forwarder.servers)) or "nobody"
        logger.info("answering on %s for %s, asking %s for the rest", place, self._config.cluster_domain, asked)
        self._tasks = [process.spawn(self.services.run, "services"), process.spawn(self.endpoints.run, "endpoints")]
        await self.server.start()

    async def stop(self) -> None:
        """Let go of all; who waits for an answer asks again, or another server."""
        await self.listeners.stop()
        await self._forwarder.close()
        await process.end(*self._tasks)
        await self.server.stop()
        await self._channel.close()

    def _informer(self, kind: kinds.Kind) -> Informer[Any]:
        return Informer(source_of(kind, kind.client(self._channel)), name=kind.plural)


def _upstreams(config: DnsConfig, place: HostPort) -> list[HostPort]:
    """Find whom to ask besides; never this server itself."""
    found = []
    for server in config.upstream or resolv_conf.read(Path(config.resolv_conf)).servers:
        try:
            found.append(upstreams.parse(server))
        except ValueError as wrong:
            logger.warning("%s: %s", config.resolv_conf, wrong)
    servers = upstreams.others(found, place, _is_here)
    for one in dict.fromkeys(found):
        if one not in servers:
            logger.warning("%s is this server itself: it is not asked", one)
    return servers


def _is_here(host: str) -> bool:
    """Tell whether an address is this machine's: then it can be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True


async def serve(config: DnsConfig, stop: asyncio.Event) -> None:
    """Run a DNS server until `stop` is set."""
    await process.serve_until(stop, Dns(config))
