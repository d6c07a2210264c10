"""Events: how they start, how long they live, and when two tell the same."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from peapod.apiserver.resources.metadata import now
from peapod.apiserver.resources.strategy import Strategy
from peapod.common import kinds
from peapod.common.errors import Violation
from peapod.v1 import event_pb2

MESSAGE_MOST = 4096
"""Characters of a message that are kept."""

_LAST_TIME = 253_402_300_799
"""The end of the year 9999, beyond which nothing can be dated."""


def set_defaults(event: event_pb2.Event) -> None:
    """Date the event, and count it once."""
    if not event.HasField("first_timestamp"):
        event.first_timestamp.CopyFrom(event.last_timestamp if event.HasField("last_timestamp") else now())
    if not event.HasField("last_timestamp"):
        event.last_timestamp.CopyFrom(event.first_timestamp)
    event.count = max(event.count, 1)
    event.message = event.message[:MESSAGE_MOST]


def identify(event: event_pb2.Event) -> None:
    """Give the event the namespace of its object, and the name that every repeat of it has."""
    if not event.metadata.namespace:
        event.metadata.namespace = event.involved_object.namespace or "default"
    about = event.involved_object
    who = (about.kind, about.namespace, about.name, about.uid, about.field_path)
    told = (*who, event.reason, event.message[:MESSAGE_MOST], event.source.component, event.source.host)
    digest = hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]
    event.metadata.name = f"{about.name[:200] or 'none'}.{digest}"


def repeat(stored: event_pb2.Event, again: event_pb2.Event) -> None:
    """Count a repeat in."""
    stored.count += max(again.count, 1)
    stored.last_timestamp.CopyFrom(again.last_timestamp if again.HasField("last_timestamp") else now())


def validate(event: event_pb2.Event) -> list[Violation]:
    """An event is about an object of its own namespace, or about one outside namespaces."""
    namespace = event.involved_object.namespace
    if namespace and namespace != event.metadata.namespace:
        return [Violation("involved_object.namespace", f"must be {event.metadata.namespace!r}, as the event's own")]
    return []


def strategy(seconds: float, clock: Callable[[], float] = time.time) -> Strategy[event_pb2.Event]:
    """Make the rules for events that live so many seconds, by the `clock`, from when they begin."""

    def begin(event: event_pb2.Event) -> None:
        # By this server's clock, since those of the reporters may be off either way.
        expires = min(_LAST_TIME, clock() + seconds)
        event.metadata.deletion_timestamp.FromNanoseconds(int(expires * 1e9))

    return Strategy(
        of=kinds.EVENT,
        message=event_pb2.Event,
        set_defaults=set_defaults,
        begin=begin,
        validate=validate,
    )
