"""Which commits go into one etcd transaction."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from peapod.apiserver.storage.etcd_txn import choose
from peapod.apiserver.storage.group import Commit
from peapod.apiserver.storage.limits import MOST_BYTES, MOST_OPERATIONS
from peapod.apiserver.storage.store import Check, Operation, Put

KEYS = st.sets(st.integers(0, 300), min_size=1, max_size=MOST_OPERATIONS)
ETCD_MOST_OPERATIONS = 128
ETCD_MOST_BYTES = 3 << 19


def _commits(keys: list[set[int]], size: int) -> list[Commit]:
    loop = asyncio.new_event_loop()
    try:
        return [
            Commit([Put(f"/peapod/{key:03}", b"x" * (size // len(some))) for key in some], loop.create_future())
            for some in keys
        ]
    finally:
        loop.close()


@given(st.lists(KEYS, min_size=1, max_size=150), st.sampled_from([0, 5_000, 300_000, MOST_BYTES]))
def test_every_commit_has_its_turn_in_transactions_that_etcd_takes(keys: list[set[int]], size: int) -> None:
    waiting = commits = _commits(keys, size)
    done: list[Commit] = []
    while waiting:
        group, waiting = choose(waiting)
        names = [operation.key for commit in group for operation in commit.operations]
        outer = len(group) + 2
        assert group
        assert len(set(names)) == len(names)
        assert outer + max(len(commit.operations) for commit in group) <= ETCD_MOST_OPERATIONS
        assert sum(len(operation.value) for commit in group for operation in commit.operations) < ETCD_MOST_BYTES
        done += group
    assert sorted(map(id, done)) == sorted(map(id, commits))


def test_the_one_that_waits_longest_comes_first() -> None:
    a, b, a_again, c = _commits([{1}, {2}, {1}, {3}], 0)
    assert choose([a, b, a_again, c]) == ([a, b, c], [a_again])


def _one(*operations: Operation) -> Commit:
    loop = asyncio.new_event_loop()
    try:
        return Commit(operations, loop.create_future())
    finally:
        loop.close()


def test_those_who_check_the_same_key_go_together_and_not_with_who_puts_it() -> None:
    mark = "/peapod/mark"
    one, two = _one(Put("/peapod/1", b""), Check(mark, 7)), _one(Put("/peapod/2", b""), Check(mark, 7))
    putter, later = _one(Put(mark, b"")), _one(Put("/peapod/3", b""), Check(mark, 7))
    assert choose([one, two, putter, later]) == ([one, two, later], [putter])
    assert choose([putter, one, two]) == ([putter], [one, two])
