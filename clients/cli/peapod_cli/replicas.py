"""How many pods a replication controller asks for, and whether it has them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from peapod.common.errors import Conflict, NotFound, NotReady, TooLate
from peapod_cli.calls import Calls
from peapod_cli.conflicts import until_stored
from peapod_cli.following import Seen, follow

if TYPE_CHECKING:
    from peapod.v1.replication_controller_pb2 import ReplicationController


def resize(
    calls: Calls,
    namespace: str,
    name: str,
    count: int,
    *,
    uid: str = "",
    current: int | None = None,
    resource_version: int = 0,
) -> ReplicationController:
    """Ask for a number of pods. Where more than a name is given, only of this very controller, and only if it asks for
    `current` now, or is at that version. Idempotent. Raises `NotReady` or `Conflict` when that is not so.
    """

    def change() -> ReplicationController:
        controller: ReplicationController = calls.get(namespace, name)
        _check(controller, uid, current)
        controller.spec.replicas = count
        if resource_version:
            controller.metadata.resource_version = resource_version
        stored: ReplicationController = calls.update(controller)
        return stored

    return until_stored(change, once=bool(resource_version))


def _check(controller: ReplicationController, uid: str, current: int | None) -> None:
    name = controller.metadata.name
    if uid and controller.metadata.uid != uid:
        raise NotReady(f'ReplicationController "{name}" was deleted, and another one of that name was created')
    if current is not None and controller.spec.replicas != current:
        raise NotReady(f'ReplicationController "{name}" asks for {controller.spec.replicas} replicas, not {current}')


def settle(calls: Calls, controller: ReplicationController, seconds: float) -> ReplicationController:
    """Wait until a controller has as many pods as it asks for; return it as it is then.

    Raises `NotFound` when it is deleted, `Conflict` when it is asked for another number meanwhile, and `TooLate` when
    some seconds are over.
    """
    metadata, wanted = controller.metadata, controller.spec.replicas
    fields, after, now = f"metadata.name={metadata.name}", metadata.resource_version, controller
    try:
        with closing(follow(calls, metadata.namespace, fields=fields, after=after, seconds=seconds)) as changes:
            while now.status.replicas != wanted:
                now = _same(next(changes), controller)
    except TooLate:
        has = now.status.replicas
        raise TooLate(
            f'ReplicationController "{metadata.name}" has {has} of {wanted} replicas after {seconds:g} s'
        ) from None
    return now


def _same(seen: Seen, controller: ReplicationController) -> ReplicationController:
    """Take the controller out of what was seen, if it is still this one and still to have as many pods."""
    metadata = controller.metadata
    if seen.gone or not seen.items or seen.items[0].metadata.uid != metadata.uid:
        raise NotFound(f'ReplicationController "{metadata.name}" was deleted meanwhile')
    now: ReplicationController = seen.items[0]
    if now.spec.replicas != controller.spec.replicas:
        raise Conflict(f'ReplicationController "{metadata.name}" was resized by somebody else meanwhile')
    return now
