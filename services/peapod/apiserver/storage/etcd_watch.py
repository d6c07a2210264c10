"""A watch on etcd that outlives its connection: it goes on at another member where it was."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

import grpc
import grpc.aio
from etcd3.etcdrpc import kv_pb2, rpc_pb2

from peapod.apiserver.storage.etcd_client import EtcdClient, Stream, is_cancelled
from peapod.apiserver.storage.etcd_keys import Keys
from peapod.apiserver.storage.store import Batch, Change, Compacted
from peapod.common.backoff import Backoff
from peapod.common.errors import Unavailable

log = logging.getLogger(__name__)


class _Ended(Exception):
    """The member ended the watch in good order."""


async def follow(
    client: EtcdClient,
    keys: Keys,
    prefix: str,
    after: int,
    closing: asyncio.Event,
    confirm: Callable[[int], Awaitable[None]],
) -> AsyncGenerator[Batch, None]:
    """Stream the changes below `prefix` after revision `after`, until `closing` is set. Raises `Compacted`, and what
    `confirm` raises of the revision at which a member takes the watch up: it may have begun anew meanwhile.
    """
    pauses = Backoff(0.05, 2)
    lost = False
    while not closing.is_set():
        member, endpoint = client.watches.current, client.watches.endpoint
        try:
            async with client.watch(_request(keys, after)) as stream:
                while (response := await _read(stream, closing)) is not None:
                    if response.created:
                        await confirm(after)
                    if lost:
                        log.info("watching again from revision %d, at etcd %s", after, endpoint)
                        lost = False
                    batch = read(response, keys, prefix, after)
                    if batch.revision > after:
                        after = batch.revision
                        yield batch
        except (grpc.aio.AioRpcError, Unavailable, _Ended) as error:
            if not lost:
                log.warning("lost the watch at etcd %s, at revision %d: %s", endpoint, after, _reason(error))
            lost = True
            client.watches.failed(member)
            with suppress(TimeoutError):
                await asyncio.wait_for(closing.wait(), pauses.next())


def read(response: rpc_pb2.WatchResponse, keys: Keys, prefix: str, after: int) -> Batch:
    """Read what is new in a response to a watch that has seen everything up to `after`. Raises `Compacted`."""
    changes = [
        change
        for event in response.events
        if event.kv.mod_revision > after
        if (change := _change(event, keys)) is not None and change.key.startswith(prefix)
    ]
    # The header is ahead of the events while a watch catches up, and of everything when it has just been made.
    if response.events:
        return Batch(changes, max(after, response.events[-1].kv.mod_revision))
    return Batch(changes, after if response.created else max(after, response.header.revision))


def _request(keys: Keys, after: int) -> rpc_pb2.WatchCreateRequest:
    """Ask for the whole store, since the head's changes tell how far a watch of a part of it is.

    The changes of `after` itself are asked for again and skipped: etcd before 3.4.33 and 3.5.15 does not always see
    that deletions of the very revision it was compacted at are gone, when a watch starts there.
    """
    start, end = keys.span()
    return rpc_pb2.WatchCreateRequest(
        key=start, range_end=end, start_revision=max(after, 1), prev_kv=True, progress_notify=True
    )


async def _read(stream: Stream, closing: asyncio.Event) -> rpc_pb2.WatchResponse | None:
    """Wait for the next response; None when the store is closed. Raises `Compacted`, and what ended the stream."""
    try:
        response = await stream.read()
    except asyncio.CancelledError:
        # Closing the store cancels the stream, and a task that reads it must not take that for its own end.
        if closing.is_set() and not is_cancelled():
            return None
        raise
    if response is grpc.aio.EOF:
        raise _Ended("the stream ended")
    if response.compact_revision:
        raise Compacted(response.compact_revision)
    if response.canceled:
        raise _Ended(response.cancel_reason)
    return response


def _change(event: kv_pb2.Event, keys: Keys) -> Change | None:
    """Read a change; None for a key that is never shown."""
    entry = keys.entry(event.kv)
    if entry is None:
        return None
    deleted = event.type == kv_pb2.Event.DELETE
    created = not deleted and event.kv.create_revision == event.kv.mod_revision
    previous = keys.entry(event.prev_kv) if event.HasField("prev_kv") else None
    if previous is None and not created:
        # Compaction has overtaken this watch between the event and the look at what was before it.
        raise Compacted(entry.revision)
    return Change(entry.key, None if deleted else entry.value, entry.revision, previous)


def _reason(error: Exception) -> str:
    return (error.details() or error.code().name) if isinstance(error, grpc.aio.AioRpcError) else str(error)
