"""Holds what comes into a namespace to what holds there: that it is not on its way out, limit ranges, quotas.

Each namespace has a mark: a key that is written in the same commit as everything that makes its rules stricter. What
comes in is committed only while the mark is as it was when the rules were read, so that no rule is ever missed, however
far this server's caches lag behind another one that works on the same store.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from peapod.apiserver.cache import Cache
from peapod.apiserver.companions.quotas import COUNTED, Quotas
from peapod.apiserver.companions.refusal import forbidden
from peapod.apiserver.feed import Feed
from peapod.apiserver.keys import ROOT, object_key
from peapod.apiserver.storage.store import Check, Delete, Operation, PreconditionFailed, Put
from peapod.apiserver.writer import Companion
from peapod.common import kinds
from peapod.common.kinds import Kind
from peapod.rules import limit_range as limit_ranges
from peapod.rules.namespace import is_terminating
from peapod.rules.usage import Usage, difference, usage
from peapod.v1.limit_range_pb2 import LimitRange
from peapod.v1.namespace_pb2 import Namespace
from peapod.v1.pod_pb2 import Pod

_RULES = (kinds.LIMIT_RANGE, kinds.RESOURCE_QUOTA)
"""The kinds that say what may come in."""


def mark_key(namespace: str) -> str:
    """The key of a namespace's mark."""
    return f"{ROOT}marks/{namespace}"


class Admission:
    """The doors of all namespaces. `caches` are by plural, and may come to be filled later."""

    def __init__(self, feed: Feed, caches: Mapping[str, Cache]) -> None:
        self._feed = feed
        self._caches = caches
        self._quotas = Quotas(feed, caches)
        self._marks: dict[str, int] = {}

    def forget(self) -> None:
        """Begin anew with another store, or another state of it."""
        self._marks.clear()

    def companion(self, kind: Kind) -> Companion[Any]:
        """The companion of a kind that lives in namespaces, or of namespaces themselves."""
        return _namespace_companion if kind is kinds.NAMESPACE else partial(self._join, kind)

    @asynccontextmanager
    async def _join(self, kind: Kind, old: Any, new: Any) -> AsyncGenerator[Sequence[Operation], None]:
        more, stricter = _difference(kind, old, new), _is_stricter(kind, old, new)
        if old is not None and not more and not stricter:
            yield ()
            return
        obj = old if new is None else new
        namespace = obj.metadata.namespace
        mark = self._marks.get(namespace, 0)
        await self._feed.reach(mark)
        if old is None:
            await self._admit(kind, new)
        own = Put(mark_key(namespace), b"", expect=mark) if stricter else Check(mark_key(namespace), mark)
        try:
            async with self._quotas.charged(kind, obj, more) as charges:
                yield [own, *charges]
        except PreconditionFailed as failed:
            self._learn(namespace, failed)
            raise

    async def _admit(self, kind: Kind, obj: Any) -> None:
        """Raise `Forbidden` where it may not come in, as of no earlier than now."""
        if any(True for _ in self._objections(kind, obj)):
            await self._feed.fresh()
            if why := "; ".join(self._objections(kind, obj)):
                raise forbidden(kind, obj, why)

    def _objections(self, kind: Kind, obj: Any) -> Iterator[str]:
        namespace = obj.metadata.namespace
        found = self._caches[kinds.NAMESPACE.plural].get(object_key(kinds.NAMESPACE.plural, "", namespace))
        if found is not None and is_terminating(Namespace.FromString(found.data)):
            yield f"namespace {namespace} is being deleted"
        if isinstance(obj, Pod):
            for item in self._caches[kinds.LIMIT_RANGE.plural].of_namespace(namespace):
                yield from limit_ranges.excess(LimitRange.FromString(item.data), obj)

    def _learn(self, namespace: str, failed: PreconditionFailed) -> None:
        key = mark_key(namespace)
        if key in failed.current:
            entry = failed.current[key]
            self._marks.pop(namespace, None)
            if entry is not None:
                self._marks[namespace] = entry.revision


def _difference(kind: Kind, old: Any, new: Any) -> Usage:
    """Tell what of the namespace's resources is taken by an object that comes, or given back by one that goes."""
    if kind not in COUNTED or (old is not None and new is not None):
        return {}
    return difference([usage(new)], [usage(old)])


def _is_stricter(kind: Kind, old: Any, new: Any) -> bool:
    return kind in _RULES and new is not None and (old is None or old.spec != new.spec)


@asynccontextmanager
async def _namespace_companion(
    old: Namespace | None, new: Namespace | None
) -> AsyncGenerator[Sequence[Operation], None]:
    """Mark a namespace when it lets nothing in any more; the mark goes with it."""
    if new is None:
        assert old is not None
        yield [Delete(mark_key(old.metadata.name))]
    elif is_terminating(new) and not (old is not None and is_terminating(old)):
        yield [Put(mark_key(new.metadata.name), b"")]
    else:
        yield ()
