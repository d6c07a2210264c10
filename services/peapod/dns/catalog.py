"""Keeps the zone as the apiserver has services and endpoints."""

from __future__ import annotations

from typing import Any

from peapod.common.follower import key_of
from peapod.common.informer import Informer
from peapod.dns.records import records_of
from peapod.dns.zone import Zone
from peapod.v1.endpoints_pb2 import Endpoints
from peapod.v1.meta_pb2 import EventType
from peapod.v1.service_pb2 import Service


class Catalog:
    """Writes each change into the zone. The informers' owner runs them; what they lost sight of stays in the zone."""

    def __init__(self, zone: Zone, services: Informer[Service], endpoints: Informer[Endpoints]) -> None:
        self.zone = zone
        self._services = services
        self._endpoints = endpoints
        services.on_change(self._changed)
        endpoints.on_change(self._changed)

    @property
    def known(self) -> bool:
        """Whether all services and all endpoints have been told once."""
        return bool(self._services.revision and self._endpoints.revision)

    def _changed(self, _kind: EventType, old: Any, new: Any) -> None:
        key = key_of(new or old)
        service = self._services.objects.get(key)
        found = records_of(self.zone.domain, service, self._endpoints.objects.get(key)) if service else {}
        self.zone.put(key, found)
