"""Listens where portals are asked for, and carries what comes in this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.core import Metric

from peapod.proxy.portals import Place, Portal
from peapod.proxy.userspace import sockets
from peapod.proxy.userspace.balancer import Balancer
from peapod.proxy.userspace.tally import Tally
from peapod.proxy.userspace.tcp import Connections
from peapod.proxy.userspace.udp import Datagrams

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Door:
    """Where this process listens for a portal."""

    portal: str
    place: Place
    """Not where it is asked for, where that is no address of this node."""
    server: asyncio.Server | Datagrams

    def close(self) -> None:
        self.server.close()


class UserspaceBackend:
    """See `Backend`. A portal without backends is not listened at, so that the node itself refuses.

    A place that is no address of this node gets a port on loopback instead, which the log tells, until it is one.
    """

    name = "userspace"

    def __init__(self) -> None:
        self._tally = Tally()
        self._connections = Connections(self._tally)
        self._balancers: dict[str, Balancer] = {}
        self._doors: dict[Place, _Door] = {}

    async def open(self) -> None:
        """Make room for many connections."""
        sockets.allow_many()

    async def apply(self, portals: Sequence[Portal]) -> str:
        """See `Backend`."""
        wanted = {place: portal for portal in portals if portal.backends for place in portal.places}
        self._balance(portals)
        closed = self._close_others(wanted)
        opened = 0
        for place, portal in wanted.items():
            opened += await self._open(place, portal)
        done = {"opened": opened, "closed": closed}
        return ", ".join(f"{verb} {count} sockets" for verb, count in done.items() if count)

    async def close(self) -> None:
        """Stop listening, and cut the connections, which live in this process."""
        self._close_others({})
        await self._connections.end()

    def figures(self) -> Iterator[Metric]:
        """See `Backend`."""
        return self._tally.figures()

    def _balance(self, portals: Sequence[Portal]) -> None:
        before = self._balancers
        self._balancers = {portal.name: before.get(portal.name) or Balancer() for portal in portals}
        for portal in portals:
            self._balancers[portal.name].update(portal.backends, portal.affinity_seconds)
        for door in self._doors.values():
            if isinstance(door.server, Datagrams):
                door.server.refresh()

    def _close_others(self, wanted: dict[Place, Portal]) -> int:
        """Close the doors that lead to what is not wanted there, and count them."""
        others = [
            place for place, door in self._doors.items() if place not in wanted or wanted[place].name != door.portal
        ]
        for place in others:
            self._doors.pop(place).close()
        return len(others)

    async def _open(self, place: Place, portal: Portal) -> bool:
        """Open a door unless it is open; tell whether it was not."""
        door = self._doors.get(place)
        if door and door.place == place:
            return False
        try:
            opened = await self._door(portal, place)
        except OSError as error:
            if door:
                return False
            opened = await self._door(portal, Place(place.protocol, sockets.LOOPBACK, 0))
            words = "service %s cannot listen at %s (%s): it answers at %s"
            logger.warning(words, portal.name, place, sockets.why(error), opened.place)
        self._doors[place] = opened
        if door:
            door.close()
            logger.info("service %s: listens at %s now", portal.name, place)
        return True

    async def _door(self, portal: Portal, place: Place) -> _Door:
        found = sockets.listening(place)
        balancer = self._balancers[portal.name]
        place = place._replace(port=found.getsockname()[1])
        if place.protocol == "udp":
            return _Door(portal.name, place, Datagrams(found, balancer, self._tally))
        return _Door(portal.name, place, await self._connections.listen(found, portal.name, balancer))
