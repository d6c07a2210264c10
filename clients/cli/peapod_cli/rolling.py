"""What a rolling update decides: whether it may be, where it stands, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from peapod.common.errors import Invalid

if TYPE_CHECKING:
    from peapod.v1.replication_controller_pb2 import ReplicationController

SOURCE = "kubectl.kubernetes.io/update-source-id"
"""Whom the new controller replaces, as name:uid; there as long as the update goes on."""

DESIRED = "kubectl.kubernetes.io/desired-replicas"
"""How many replicas the new controller is to have in the end."""


class Counts(NamedTuple):
    """How many replicas the two controllers ask for."""

    old: int
    new: int


def problems(old: ReplicationController, new: ReplicationController) -> Iterator[str]:
    """Say why one controller cannot take the other's place: their pods must be told apart, by one key at least."""
    if new.metadata.name == old.metadata.name:
        yield f"the new controller needs another name than {old.metadata.name}"
    ours, theirs = new.spec.selector, old.spec.selector
    if not any(key in theirs and theirs[key] != value for key, value in ours.items()):
        yield "the selector of the new controller needs a key of the old one's with another value"
    if new.spec.replicas < 1:
        yield "the new controller needs at least 1 replica"


def begin(old: ReplicationController, new: ReplicationController) -> None:
    """Make of the new controller, as it is to be, the one to begin with."""
    new.metadata.annotations[SOURCE] = source_id(old)
    new.metadata.annotations[DESIRED] = str(new.spec.replicas)
    new.spec.replicas = 0


def source_id(old: ReplicationController) -> str:
    """Name one controller so that no later one of its name is meant."""
    return f"{old.metadata.name}:{old.metadata.uid}"


def goes_on(new: ReplicationController, old_name: str, old: ReplicationController | None) -> bool:
    """Tell whether an earlier update of the old controller to this one was interrupted; perhaps after the old one was
    deleted.
    """
    source = new.metadata.annotations.get(SOURCE, "")
    return source == source_id(old) if old else source.startswith(f"{old_name}:")


def desired(new: ReplicationController) -> int:
    """Read how many replicas the new controller is to have; raises `Invalid` when that is not there any more."""
    text = new.metadata.annotations.get(DESIRED, "")
    if not (text.isascii() and text.isdecimal()):
        raise Invalid(f'the annotation {DESIRED} of {new.metadata.name} must be a number, not "{text}"')
    return int(text)


def next_counts(now: Counts, wanted: int) -> Counts | None:
    """Say the next step: one more of the new, then one less of the old; None when there is no such step."""
    if now.new < wanted and now.old > 0:
        return Counts(now.old - 1, now.new + 1)
    return None
