"""Counts what is used of quotas anew whenever that may have changed: the safety net behind admission, which counts too.

A count is of a moment that the quota names: every cache is at least as new as the quota, and the quota has not changed
when the count is stored. So nothing that admission has counted in can be left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from peapod.common.follower import Key, key_of
from peapod.common.informer import Informer
from peapod.common.reconcile import ReconcileLoop
from peapod.controllers.quotas.decide import differ, recounted
from peapod.v1.meta_pb2 import EVENT_TYPE_MODIFIED, EventType
from peapod.v1.pod_pb2 import Pod
from peapod.v1.resource_quota_pb2 import ResourceQuota
from peapod.v1.resource_quota_service_pb2 import UpdateResourceQuotaStatusRequest
from peapod.v1.resource_quota_service_rpc import ResourceQuotaServiceClient

ANSWER_SECONDS = 10.0
PAUSE_SECONDS = 0.5
"""How long changes are collected before they are counted."""


class QuotaCounter:
    """Keeps the status of every quota. `others` are of the kinds that are counted besides pods and quotas."""

    def __init__(
        self,
        quotas: Informer[ResourceQuota],
        pods: Informer[Pod],
        others: Sequence[Informer[Any]],
        client: ResourceQuotaServiceClient,
    ) -> None:
        self._quotas = quotas
        self._client = client
        self._caches: list[Informer[Any]] = [quotas, pods, *others]
        self._loop: ReconcileLoop[Key] = ReconcileLoop("quota", self, self._caches, lambda: list(quotas.objects))
        self.run = self._loop.run
        quotas.on_change(self._quota_changed)
        pods.on_change(self._pod_changed)
        for cache in others:
            cache.on_change(self._counted_changed)

    async def reconcile(self, key: Key) -> str:
        """Have one quota say what is used."""
        quota = self._quotas.objects.get(key)
        if quota is None:
            return ""
        for cache in self._caches[1:]:
            await cache.reach(quota.metadata.resource_version)
        wish = recounted(quota, self._contents(key[0]))
        if not differ(quota, wish):
            return ""
        request = UpdateResourceQuotaStatusRequest(resource_quota=wish)
        response = await self._client.update_resource_quota_status(request, timeout=ANSWER_SECONDS)
        self._loop.wrote(key, self._quotas, response.resource_quota.metadata.resource_version)
        return "uses " + ", ".join(f"{amount} {resource}" for resource, amount in sorted(wish.status.used.items()))

    def _contents(self, namespace: str) -> Iterator[Any]:
        for cache in self._caches:
            yield from (one for (where, _), one in cache.objects.items() if where == namespace)

    def _quota_changed(self, kind: EventType, old: ResourceQuota | None, new: ResourceQuota | None) -> None:
        if new is not None:
            # Admission writes a quota with each object that comes or goes.
            self._loop.add_after(key_of(new), PAUSE_SECONDS)
        if kind != EVENT_TYPE_MODIFIED:
            self._counted_changed(kind, old, new)

    def _pod_changed(self, _kind: EventType, old: Pod | None, new: Pod | None) -> None:
        # Most of what changes of a pod is what its node tells of it.
        if old is None or new is None or old.status.phase != new.status.phase:
            self._recount((new or old or Pod()).metadata.namespace)

    def _counted_changed(self, kind: EventType, old: Any, new: Any) -> None:
        if kind != EVENT_TYPE_MODIFIED:
            self._recount((new or old).metadata.namespace)

    def _recount(self, namespace: str) -> None:
        for key in self._quotas.objects:
            if key[0] == namespace:
                self._loop.add_after(key, PAUSE_SECONDS)
