"""Counts what comes into a namespace and what goes, in the quotas there, and refuses what is too much.

Each quota that bears on an object is written in the object's own commit, by compare-and-swap. A quota that is not
counted yet is counted by the first who meets it: everything that was there when the quota came is in the caches then,
and all that came since has met the quota too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from peapod.apiserver.cache import Cache, Item
from peapod.apiserver.companions.refusal import forbidden
from peapod.apiserver.feed import Feed
from peapod.apiserver.keys import object_key
from peapod.apiserver.resources.strategy import Resource
from peapod.apiserver.storage.store import Put
from peapod.common import kinds
from peapod.common.kinds import Kind
from peapod.rules import resource_quota as rules
from peapod.rules.usage import Usage, total
from peapod.v1.resource_quota_pb2 import ResourceQuota

COUNTED = (kinds.POD, kinds.SERVICE, kinds.REPLICATION_CONTROLLER, kinds.RESOURCE_QUOTA)
"""The kinds whose objects quotas count."""


class Quotas:
    """The quotas of all namespaces. `caches` are by plural."""

    def __init__(self, feed: Feed, caches: Mapping[str, Cache]) -> None:
        self._feed = feed
        self._caches = caches
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def charged(self, kind: Kind, obj: Resource, more: Usage) -> AsyncGenerator[Sequence[Put], None]:
        """Count `more` for an object that comes, or less than nothing for one that goes. Raises `Forbidden`.

        In one server those that a quota bears on take turns, or all but one of them would fail and begin anew.
        """
        namespace, key = obj.metadata.namespace, _key(kind, obj)
        if not any(True for _ in self._bearing(namespace, more, key)):
            yield ()
            return
        async with self._turns.setdefault(namespace, asyncio.Lock()):
            await self._feed.fresh()
            found = [self._counted(item, quota) for item, quota in self._bearing(namespace, more, key)]
            if why := "; ".join(why for _, quota in found for why in rules.excess(quota, more)):
                raise forbidden(kind, obj, why)
            yield [_charged(item, quota, more) for item, quota in found]

    def _bearing(self, namespace: str, more: Usage, but: str) -> Iterator[tuple[Item, ResourceQuota]]:
        """Find the quotas that bound something of it, but for the one that is itself what comes or goes."""
        for item in self._caches[kinds.RESOURCE_QUOTA.plural].of_namespace(namespace):
            if item.key != but and more:
                quota = ResourceQuota.FromString(item.data)
                if rules.bears_on(quota, more):
                    yield item, quota

    def _counted(self, item: Item, quota: ResourceQuota) -> tuple[Item, ResourceQuota]:
        if not rules.is_counted(quota):
            rules.count(quota, total(self._contents(quota.metadata.namespace)))
        return item, quota

    def _contents(self, namespace: str) -> Iterator[Resource]:
        for kind in COUNTED:
            cache = self._caches[kind.plural]
            yield from (cache.strategy.message.FromString(item.data) for item in cache.of_namespace(namespace))


def _charged(item: Item, quota: ResourceQuota, more: Usage) -> Put:
    rules.add(quota, more)
    quota.metadata.ClearField("resource_version")
    return Put(item.key, quota.SerializeToString(), expect=item.revision)


def _key(kind: Kind, obj: Resource) -> str:
    return object_key(kind.plural, obj.metadata.namespace, obj.metadata.name)
