"""Decides what a group of commits does, before anything is written: no I/O, no clock."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

from peapod.apiserver.storage.store import Change, Check, Entry, Operation, PreconditionFailed, Put

State = Mapping[str, Entry | None]
"""Entries by key; None, like no entry at all, is an absent key."""


@dataclass(slots=True)
class Plan:
    """What is to be written, in order of revision, and what each commit's caller is to hear."""

    changes: list[Change] = field(default_factory=list)
    outcomes: list[int | PreconditionFailed] = field(default_factory=list)
    """One per commit: its revision, or why it is not done."""


def plan(commits: Iterable[Sequence[Operation]], entries: dict[str, Entry | None], revision: int) -> Plan:
    """Run commits one after the other on top of `entries` at `revision`; each sees those before it.

    A commit that changes nothing gets no revision of its own, but the newest one.
    """
    result = Plan()
    state: MutableMapping[str, Entry | None] = ChainMap({}, entries)
    for operations in commits:
        if failed := _failed(operations, state):
            result.outcomes.append(PreconditionFailed(failed))
            continue
        if changes := _changes(operations, state, revision + 1):
            revision += 1
            result.changes += changes
            state.update((change.key, change.entry) for change in changes)
        result.outcomes.append(revision)
    return result


def _failed(operations: Sequence[Operation], state: State) -> dict[str, Entry | None]:
    failed = {}
    for operation in operations:
        if operation.expect is not None:
            entry = state.get(operation.key)
            if operation.expect != (entry.revision if entry else 0):
                failed[operation.key] = entry
    return failed


def _changes(operations: Sequence[Operation], state: State, revision: int) -> list[Change]:
    changes = []
    for operation in operations:
        if isinstance(operation, Check):
            continue
        value = operation.value if isinstance(operation, Put) else None
        previous = state.get(operation.key)
        if value is not None or previous is not None:
            changes.append(Change(operation.key, value, revision, previous))
    return changes
