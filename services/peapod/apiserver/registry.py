"""The verbs that all kinds share, written once: everything of a kind's own is in its strategy.

Writes go to the store and are answered from their own bytes; reads are served from the cache, which is first
brought to the store's revision at the time of the request.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from typing import Generic

from peapod.apiserver import wire
from peapod.apiserver.cache import WIRE, Cache, Item
from peapod.apiserver.feed import Feed
from peapod.apiserver.keys import object_key
from peapod.apiserver.resources import metadata as meta
from peapod.apiserver.resources.strategy import R, Strategy
from peapod.apiserver.storage.store import Entry, PreconditionFailed
from peapod.apiserver.writer import Writer
from peapod.common.errors import (
    CURRENT,
    AlreadyExists,
    Conflict,
    Invalid,
    NotFound,
    PeapodError,
    Unsupported,
    Violation,
)
from peapod.common.watching.fanout import FanOut
from peapod.common.watching.selection import Selection
from peapod.rules import metadata as rules
from peapod.v1.meta_pb2 import ObjectMeta

DEFAULT_NAMESPACE = "default"
_NAME_DRAWS = 8


def _any_object(_: object) -> None:
    return None


def _any_change(_: object, __: object) -> None:
    return None


class Registry(Generic[R]):
    """The objects of one kind. Answers are serialised messages whose field 1 is the object."""

    def __init__(
        self, strategy: Strategy[R], writer: Writer[R], feed: Feed, cache: Cache, fanout: FanOut[Item]
    ) -> None:
        wire.check_contract(strategy.listing, strategy.batch)
        self.strategy = strategy
        self._writer = writer
        self._feed = feed
        self._cache = cache
        self._fanout = fanout

    async def create(self, obj: R, *, validate_only: bool = False) -> bytes:
        """Store a new object, or only check it; `obj` is changed on the way.

        Raises `Invalid`, and `AlreadyExists` and `Forbidden` when it is to be stored.
        """
        self._set_scope(obj)
        meta.stamp(obj.metadata)
        self.strategy.set_defaults(obj)
        self.strategy.begin(obj)
        self._check(obj, self.strategy.validate_new(obj))
        if validate_only:
            return wire.framed(obj.SerializeToString())
        if obj.metadata.name:
            return await self._insert(obj)
        return await self._insert_named(obj)

    async def get(self, namespace: str, name: str) -> bytes:
        """Answer with one object. Raises `NotFound`."""
        return (await self._find(namespace, name)).framed

    async def read(self, namespace: str, name: str) -> R:
        """Decode one object. Raises `NotFound`."""
        return self.strategy.message.FromString((await self._find(namespace, name)).data)

    async def list(self, namespace: str, label_selector: str, field_selector: str) -> bytes:
        """Answer with all objects that match and the revision of the snapshot. Raises `Invalid`."""
        selection = Selection(self.strategy, namespace, label_selector, field_selector)
        await self._feed.fresh()
        frames = [item.framed for item in self._cache.select(selection)]
        frames.append(self._cache.position())
        return b"".join(frames)

    async def watch(
        self, namespace: str, label_selector: str, field_selector: str, revision: int, store_id: str
    ) -> AsyncGenerator[bytes, None]:
        """Stream batches of changes; see `FanOut.watch`. Raises `Invalid` too."""
        selection = Selection(self.strategy, namespace, label_selector, field_selector)
        await self._feed.fresh()
        async for message in self._fanout.watch(selection, WIRE, revision, store_id):
            yield message

    async def update(self, obj: R, *, check: Callable[[R, R], None] = _any_change) -> bytes:
        """Replace an object's mutable fields; `obj` is changed on the way. Raises `Invalid`, `Conflict`, ...

        `check` is shown the new and the old state before any other rule, and may raise.
        """
        self._set_scope(obj)
        item = await self._find(obj.metadata.namespace, obj.metadata.name)
        self._require_version(obj.metadata.resource_version, item)
        old = self.strategy.message.FromString(item.data)
        meta.keep(obj.metadata, old.metadata)
        self.strategy.keep(obj, old)
        self.strategy.set_defaults(obj)
        check(obj, old)
        self._check(
            obj, [*meta.update_violations(obj.metadata, old.metadata), *self.strategy.validate_update(obj, old)]
        )
        return await self._replace(item, old, obj)

    async def change(
        self, namespace: str, name: str, edit: Callable[[R], bool], uid: str = "", resource_version: int = 0
    ) -> int:
        """Read an object, let `edit` change it in place, and store it if nobody else did meanwhile, else again.

        `edit` returns whether there is anything to store; it may raise, which ends the attempt. Returns the
        object's resource version. Raises `NotFound`, also when `uid` is given and is not the object's, and `Conflict`
        when `resource_version` is given and is not the object's.
        """
        item = await self._find(namespace, name)
        key, data, revision = item.key, item.data, item.revision
        while True:
            old, obj = self.strategy.message.FromString(data), self.strategy.message.FromString(data)
            if uid and obj.metadata.uid != uid:
                raise self._not_found(namespace, name)
            if resource_version not in (0, revision):
                raise self._conflict(name, revision)
            if not edit(obj):
                return revision
            obj.metadata.ClearField("resource_version")
            try:
                return (await self._writer.write(key, revision, old, obj)).revision
            except PreconditionFailed as failed:
                current = failed.current[key]
                if current is None:
                    raise self._not_found(namespace, name) from failed
                data, revision = current.value, current.revision

    async def replace_part(self, given: R, put: Callable[[R, R], None]) -> bytes:
        """Have `put` carry a part of `given` into the object, in place, if the object is still as `given` was read.

        An object that has nothing left to wait for before its deletion is removed, and answered as it was then.
        Raises `Invalid` when the part is wrong or no version is given, `Conflict`, `NotFound`.
        """
        self._set_scope(given)
        item = await self._find(given.metadata.namespace, given.metadata.name)
        self._require_version(given.metadata.resource_version, item)
        old, obj = self.strategy.message.FromString(item.data), self.strategy.message.FromString(item.data)
        obj.metadata.ClearField("resource_version")
        put(obj, given)
        self._check(obj, ())
        if obj.metadata.HasField("deletion_timestamp") and self.strategy.retired(obj) is None:
            return await self._replace(item, old, None, obj.SerializeToString())
        return await self._replace(item, old, obj)

    async def delete(
        self,
        namespace: str,
        name: str,
        uid: str = "",
        resource_version: int = 0,
        *,
        check: Callable[[R], None] = _any_object,
    ) -> bytes:
        """Remove an object, or mark it while others have to finish first, and answer with its last state.

        Raises `NotFound`, and `Conflict` for a precondition. `check` is shown the very state that is removed, and may
        raise. Marking one that is marked already changes nothing.
        """
        item = await self._find(namespace, name)
        entry: Entry = Entry(item.key, item.data, item.revision)
        while True:
            obj = self.strategy.message.FromString(entry.value)
            self._check_preconditions(obj.metadata, entry.revision, uid, resource_version)
            check(obj)
            try:
                return await self._remove(entry, obj)
            except PreconditionFailed as failed:
                current = failed.current[entry.key]
                if current is None:
                    raise self._not_found(namespace, name) from failed
                entry = current

    async def _find(self, namespace: str, name: str) -> Item:
        await self._feed.fresh()
        item = self._cache.get(self._key(namespace, name))
        if item is None:
            raise self._not_found(namespace, name)
        return item

    async def _remove(self, entry: Entry, obj: R) -> bytes:
        marked = self.strategy.retired(obj)
        if marked is None:
            written = await self._writer.write(entry.key, entry.revision, obj, None)
            return wire.framed(wire.versioned(entry.value, written.revision))
        if marked == obj:
            return wire.framed(wire.versioned(entry.value, entry.revision))
        marked.metadata.ClearField("resource_version")
        return _answer(await self._writer.write(entry.key, entry.revision, obj, marked))

    async def _replace(self, item: Item, old: R, obj: R | None, last: bytes = b"") -> bytes:
        """Store a new state, or remove the object and answer with what it was at the `last`."""
        try:
            written = await self._writer.write(item.key, item.revision, old, obj)
        except PreconditionFailed as failed:
            raise self._lost_race(item, failed) from failed
        return _answer(written) if obj is not None else wire.framed(wire.versioned(last, written.revision))

    async def _insert(self, obj: R) -> bytes:
        metadata = obj.metadata
        try:
            return _answer(await self._writer.write(self._key(metadata.namespace, metadata.name), 0, None, obj))
        except PreconditionFailed as failed:
            raise AlreadyExists(f'{self.strategy.kind} "{metadata.name}" already exists') from failed

    async def _insert_named(self, obj: R) -> bytes:
        for _ in range(_NAME_DRAWS):
            obj.metadata.name = meta.draw_name(obj.metadata.generate_name)
            try:
                return await self._insert(obj)
            except AlreadyExists:
                continue
        prefix = obj.metadata.generate_name
        raise AlreadyExists(f'{_NAME_DRAWS} names drawn from "{prefix}" were all taken: try again')

    def _key(self, namespace: str, name: str) -> str:
        scope = (namespace or DEFAULT_NAMESPACE) if self.strategy.namespaced else ""
        return object_key(self.strategy.plural, scope, name)

    def _set_scope(self, obj: R) -> None:
        if not self.strategy.namespaced:
            obj.metadata.namespace = ""
        elif not obj.metadata.namespace:
            obj.metadata.namespace = DEFAULT_NAMESPACE

    def _check(self, obj: R, more: Iterable[Violation]) -> None:
        strategy = self.strategy
        metadata = rules.violations(obj.metadata, strategy.namespaced, strategy.name_problem)
        if wrong := [*metadata, *strategy.validate(obj), *more]:
            raise Invalid(f'{strategy.kind} "{obj.metadata.name}" is invalid: {_told(wrong)}', wrong)
        if missing := [*strategy.unsupported(obj)]:
            raise Unsupported(f'{strategy.kind} "{obj.metadata.name}" asks for too much: {_told(missing)}', missing)

    def _require_version(self, version: int, item: Item) -> None:
        if not version:
            wrong = Violation("metadata.resource_version", "is required: update the object as you have read it")
            said = f'{self.strategy.kind} "{item.name}" is invalid: {wrong.field} {wrong.description}'
            raise Invalid(said, [wrong], facts={CURRENT: str(item.revision)})
        if version != item.revision:
            raise self._conflict(item.name, item.revision)

    def _check_preconditions(self, metadata: ObjectMeta, revision: int, uid: str, resource_version: int) -> None:
        if resource_version and resource_version != revision:
            raise self._conflict(metadata.name, revision)
        if uid and uid != metadata.uid:
            raise Conflict(f'{self.strategy.kind} "{metadata.name}" is another one now, with uid {metadata.uid}')

    def _lost_race(self, item: Item, failed: PreconditionFailed) -> PeapodError:
        current = failed.current[item.key]
        if current is None:
            return self._not_found(item.namespace, item.name)
        return self._conflict(item.name, current.revision)

    def _conflict(self, name: str, revision: int) -> Conflict:
        said = f'{self.strategy.kind} "{name}" was changed since: it is at version {revision} now'
        return Conflict(said, facts={CURRENT: str(revision)})

    def _not_found(self, namespace: str, name: str) -> NotFound:
        where = f" in namespace {namespace or DEFAULT_NAMESPACE}" if self.strategy.namespaced else ""
        return NotFound(f'{self.strategy.kind} "{name}" not found{where}')


def _answer(written: Entry) -> bytes:
    return wire.framed(wire.versioned(written.value, written.revision))


def _told(violations: Sequence[Violation]) -> str:
    return "; ".join(f"{violation.field}: {violation.description}" for violation in violations)
