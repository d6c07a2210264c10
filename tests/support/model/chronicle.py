"""All changes of some kinds, put in the order of the store's revisions, and held against the laws."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from peapod.common import process
from peapod.common.follower import Change, Follower, Key, source_of
from peapod.common.kinds import Kind
from peapod.v1 import pod_service_pb2 as pods
from tests.support.apiserver import Api
from tests.support.model.laws import WATCHED, Laws


class Entry(NamedTuple):
    """One change of one object."""

    revision: int
    kind: Kind
    found: Any
    gone: bool


class _Column(Follower[Any]):
    """Keeps the changes of one kind from when it begins, in order, until they are taken."""

    def __init__(self, api: Api, kind: Kind) -> None:
        super().__init__(source_of(kind, kind.client(api.channel)), name=f"chronicle of {kind.plural}")
        self.entries: list[Entry] = []
        self._kind = kind

    def _take_all(self, found: Mapping[Key, Any], revision: int, store_id: str) -> None:
        self._take([Change(one, False) for one in found.values()], revision, store_id)

    def _take(self, changes: Sequence[Change[Any]], revision: int, store_id: str) -> None:
        self.entries += [Entry(one.metadata.resource_version, self._kind, one, gone) for one, gone in changes]


class Chronicle:
    """What has happened, and whether it may have."""

    def __init__(self, api: Api) -> None:
        self.laws = Laws()
        self._api = api
        self._columns = [_Column(api, kind) for kind in WATCHED]

    async def run(self) -> None:
        """Follow until cancelled."""
        await asyncio.gather(*(column.run() for column in self._columns))

    async def check(self) -> int:
        """Hold all that has happened until now, which is the revision returned, against the laws; raises
        AssertionError.
        """
        nobody = pods.ListPodsRequest(field_selector="metadata.name=")
        now = (await self._api.pods.list_pods(nobody)).revision
        entries: list[Entry] = []
        for column in self._columns:
            await column.reach(now)
            entries += [entry for entry in column.entries if entry.revision <= now]
            column.entries = [entry for entry in column.entries if entry.revision > now]
        for entry in sorted(entries, key=lambda one: (one.revision, WATCHED.index(one.kind))):
            self.laws.take(entry.kind, entry.found, entry.gone)
        return now


@asynccontextmanager
async def chronicle(api: Api) -> AsyncGenerator[Chronicle]:
    """Keep a chronicle of an apiserver's objects from now on."""
    made = Chronicle(api)
    task = process.spawn(made.run, "chronicle")
    try:
        await made.check()
        yield made
    finally:
        await process.end(task)
