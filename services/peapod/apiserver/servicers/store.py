"""Where the store is, for those who keep copies of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peapod.apiserver.cache import Cache
from peapod.apiserver.feed import Feed
from peapod.v1 import store_service_pb2 as pb
from peapod.v1.store_service_rpc import StoreServiceServicer


class StorePosition(StoreServiceServicer):
    """Tells of the store what the caches know of it; `caches` are by plural, and never none."""

    def __init__(self, feed: Feed, caches: Mapping[str, Cache]) -> None:
        self._feed = feed
        self._caches = caches

    async def get_store_revision(
        self, request: pb.GetStoreRevisionRequest, context: Any
    ) -> pb.GetStoreRevisionResponse:
        """Answer once the caches have seen all that was there when the request came."""
        await self._feed.fresh()
        return pb.GetStoreRevisionResponse(
            revision=self._feed.revision,
            store_id=next(iter(self._caches.values())).store_id,
            latest_changes={plural: cache.latest for plural, cache in self._caches.items()},
        )
