"""Gives services their portal IPs: a key for each address, written and removed in the commit of its service.

So no address is ever given twice, whoever races or crashes. What was written before there were such keys, or by hand,
is put right when a server starts.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from peapod.apiserver.cache import Cache
from peapod.apiserver.companions.refusal import forbidden
from peapod.apiserver.feed import Feed
from peapod.apiserver.keys import ROOT
from peapod.apiserver.portal_net import PortalNet
from peapod.apiserver.storage.store import Check, Delete, Entry, Operation, PreconditionFailed, Put, Store
from peapod.common import kinds
from peapod.common.errors import Invalid, Violation
from peapod.rules.service import HEADLESS
from peapod.v1.service_pb2 import Service

log = logging.getLogger(__name__)

PORTALS = f"{ROOT}portals/"
"""What the keys of addresses begin with. Their values say whose they are."""


class Repair(NamedTuple):
    """What is wrong with an address, in one sentence, and what puts it right, if anything does."""

    problem: str
    operations: tuple[Operation, ...]


class Holder(NamedTuple):
    """A service as it is stored."""

    key: str
    revision: int
    service: Service


class Portals:
    """The addresses of a net, in a store."""

    def __init__(self, store: Store, net: PortalNet) -> None:
        self._store = store
        self._net = net

    @asynccontextmanager
    async def companion(self, old: Service | None, new: Service | None) -> AsyncGenerator[Sequence[Operation], None]:
        """Give a service without an address one, and take it back when it goes. Raises `Invalid` for one that is asked
        for and taken, and `Forbidden` when none is left.
        """
        if new is None:
            yield await self._release(old) if old is not None else ()
            return
        asked = new.spec.cluster_ip
        if asked == HEADLESS or (old is not None and old.spec.cluster_ip):
            yield ()
            return
        new.spec.cluster_ip = await self._choose(new)
        try:
            yield [Put(PORTALS + new.spec.cluster_ip, _owner(new), expect=0)]
        except PreconditionFailed:
            new.spec.cluster_ip = asked
            raise

    async def repair(self, feed: Feed, services: Cache) -> None:
        """Have every service keep its address, and every address that is nobody's be free. Others may do so too."""
        entries = (await self._store.list(PORTALS)).entries
        await feed.fresh()
        holders = [Holder(item.key, item.revision, Service.FromString(item.data)) for item in services.all()]
        for problem, operations in repairs(entries, holders, self._net):
            log.warning("portal IPs: %s", problem)
            try:
                if operations:
                    await self._store.commit(operations)
            except PreconditionFailed:
                log.info("portal IPs: somebody else has seen to that")

    async def _choose(self, service: Service) -> str:
        listing = await self._store.list(PORTALS)
        taken = {entry.key.removeprefix(PORTALS): entry.value.decode() for entry in listing.entries}
        asked = service.spec.cluster_ip
        if asked in taken:
            wrong = Violation("spec.cluster_ip", f"is taken by service {taken[asked]}")
            raise Invalid(f'Service "{service.metadata.name}" is invalid: {wrong.field}: {wrong.description}', [wrong])
        address = asked or self._net.draw(taken)
        if address is None:
            raise forbidden(kinds.SERVICE, service, f"all portal IPs of {self._net} are taken")
        return address

    async def _release(self, service: Service) -> Sequence[Operation]:
        if service.spec.cluster_ip in ("", HEADLESS):
            return ()
        entry = await self._store.get(PORTALS + service.spec.cluster_ip)
        if entry is None or entry.value != _owner(service):
            return ()
        return [Delete(entry.key, expect=entry.revision)]


def repairs(entries: Iterable[Entry], holders: Iterable[Holder], net: PortalNet) -> Iterator[Repair]:
    """Find what is wrong between the addresses that are kept and the services that say they have them.

    `holders` are no older than `entries`: what was done in between makes repairs of it fail, and harms nobody.
    """
    kept = {entry.key.removeprefix(PORTALS): entry for entry in entries}
    claims = _claims(holders)
    for address, claimants in claims.items():
        first, *others = sorted(claimants, key=lambda one: one.service.metadata.creation_timestamp.seconds)
        owner = next((one for one in claimants if address in kept and kept[address].value == _owner(one.service)), None)
        if owner is None:
            yield _give(address, first, kept.get(address))
            owner = first
        yield from _doubles(address, owner, [first, *others])
        if address not in net:
            yield Repair(f"service {_name(owner)} has {address}, which is not of {net}", ())
    for address in kept.keys() - claims.keys():
        yield Repair(f"{address} was nobody's, and is free", (Delete(PORTALS + address, kept[address].revision),))


def _claims(holders: Iterable[Holder]) -> Mapping[str, list[Holder]]:
    claims: dict[str, list[Holder]] = defaultdict(list)
    for holder in holders:
        if holder.service.spec.cluster_ip not in ("", HEADLESS):
            claims[holder.service.spec.cluster_ip].append(holder)
    return claims


def _give(address: str, holder: Holder, before: Entry | None) -> Repair:
    put = Put(PORTALS + address, _owner(holder.service), before.revision if before else 0)
    problem = f"{address} was not kept for service {_name(holder)}, and is now"
    return Repair(problem, (put, Check(holder.key, holder.revision)))


def _doubles(address: str, owner: Holder, claimants: Sequence[Holder]) -> Iterator[Repair]:
    for other in claimants:
        if other is not owner:
            problem = f"{address} belongs to service {_name(owner)}, and service {_name(other)} has it too: delete one"
            yield Repair(problem, ())


def _name(holder: Holder) -> str:
    return _owner(holder.service).decode()


def _owner(service: Service) -> bytes:
    return f"{service.metadata.namespace}/{service.metadata.name}".encode()
