"""Follows services and their endpoints, and keeps what is reachable as they say."""

from __future__ import annotations

import asyncio
import logging

from peapod.common.informer import Informer
from peapod.proxy.backend import Backend
from peapod.proxy.portals import Picture, Portal, difference, picture
from peapod.v1.endpoints_pb2 import Endpoints
from peapod.v1.service_pb2 import Service

logger = logging.getLogger(__name__)


class Keeper:
    """Has a backend make reachable what must be: at each change, and every `seconds` in case that others undid it.

    Before all services and endpoints are known nothing is touched, and while the apiserver is away all stays as it
    was told last.
    """

    def __init__(
        self, services: Informer[Service], endpoints: Informer[Endpoints], backend: Backend, seconds: float
    ) -> None:
        self._services = services
        self._endpoints = endpoints
        self._seconds = seconds
        self._changed = asyncio.Event()
        self._picture = Picture()
        self.backend = backend
        self.rounds = 0
        services.on_change(self._look)
        endpoints.on_change(self._look)

    @property
    def portals(self) -> tuple[Portal, ...]:
        """Those that are reachable."""
        return self._picture.portals

    async def run(self) -> None:
        """Do so until cancelled; raises what the backend says. May be run again, and goes on."""
        await self._services.synced()
        await self._endpoints.synced()
        while True:
            self._changed.clear()
            await self._round()
            await self._pause()

    async def _round(self) -> None:
        revisions = self._services.revision, self._endpoints.revision
        found = picture(self._services.objects.values(), self._endpoints.objects)
        done = await self.backend.apply(found.portals)
        changed = difference(self.portals, found.portals)
        for conflict in (one for one in found.conflicts if one not in self._picture.conflicts):
            logger.warning("%s", conflict)
        self._picture = found
        self.rounds += 1
        clauses = "; ".join(filter(None, (changed, done)))
        words = "%s: %s (services at revision %d, endpoints at revision %d)"
        level = logging.INFO if clauses else logging.DEBUG
        logger.log(level, words, self.backend.name, clauses or "all is as it must be", *revisions)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def _look(self, *_: object) -> None:
        self._changed.set()
