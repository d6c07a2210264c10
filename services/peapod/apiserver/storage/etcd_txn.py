"""What a group of commits looks like as one etcd transaction, and how its answer is read. No I/O.

The outer transaction puts the head and the writer's ledger, and has a nested one per commit, which checks and does
that commit alone. It runs only while the ledger is at the revision of the group before, so that however often it is
sent, it is carried out once; and only on the store that it is meant for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

from etcd3.etcdrpc import rpc_pb2

from peapod.apiserver.storage.etcd_keys import Keys
from peapod.apiserver.storage.group import Commit, Outcome
from peapod.apiserver.storage.limits import MOST_BYTES, size
from peapod.apiserver.storage.store import Check, Delete, Entry, Operation, PreconditionFailed, Put

_MOST_NESTED = 128
"""etcd's own limit for the operations of a transaction plus those of the largest one nested in it."""
_OWN = 2
"""The operations that the outer transaction has besides the nested ones."""


class Ledger(NamedTuple):
    """Where a store's ledger key is: the number of the last group that was carried out, and its revision."""

    group: int
    revision: int


def choose(waiting: Sequence[Commit]) -> tuple[list[Commit], list[Commit]]:
    """Take the commits that fit into one transaction; the others wait.

    No key may be put twice in one, and etcd looks at all that is expected before it puts anything: a key that one
    commit puts must not be checked by another. Any number of them may check the same.
    """
    group: list[Commit] = []
    rest: list[Commit] = []
    written: set[str] = set()
    checked: set[str] = set()
    bytes_ = largest = 0
    for commit in waiting:
        checks = {operation.key for operation in commit.operations if isinstance(operation, Check)}
        writes = {operation.key for operation in commit.operations} - checks
        total, most = bytes_ + size(commit.operations), max(largest, len(commit.operations))
        fits = total <= MOST_BYTES and _OWN + len(group) + 1 + most <= _MOST_NESTED
        apart = written.isdisjoint(writes | checks) and checked.isdisjoint(writes)
        if group and not (fits and apart):
            rest.append(commit)
            continue
        group.append(commit)
        written |= writes
        checked |= checks
        bytes_, largest = total, most
    return group, rest


def request(keys: Keys, group: Sequence[Commit], number: int, before: int, store_id: str) -> rpc_pb2.TxnRequest:
    """Build the transaction of a group, to run on that very store while the ledger is at revision `before`."""
    return rpc_pb2.TxnRequest(
        compare=[_unchanged(keys.ledger, before), _is(keys.head, store_id.encode())],
        success=[_put(keys.head, store_id.encode()), _put(keys.ledger, str(number).encode()), *_nested(keys, group)],
        failure=[_read(keys.ledger), _read(keys.head)],
    )


def create_head(keys: Keys) -> rpc_pb2.TxnRequest:
    """Build the transaction that gives an empty store its first revision and its id."""
    return rpc_pb2.TxnRequest(compare=[_unchanged(keys.head, 0)], success=[_put(keys.head, uuid4().hex.encode())])


def ledger(answer: rpc_pb2.TxnResponse) -> Ledger:
    """Read where the ledger is from the answer of a transaction that did not run."""
    for stored in answer.responses[0].response_range.kvs:
        return Ledger(int(stored.value), stored.mod_revision)
    return Ledger(0, 0)


def store_id(answer: rpc_pb2.TxnResponse) -> str:
    """Read which store there is from the answer of a transaction that did not run; empty when there is none."""
    return "".join(stored.value.decode() for stored in answer.responses[1].response_range.kvs)


def outcomes(keys: Keys, group: Sequence[Commit], answer: rpc_pb2.TxnResponse) -> list[Outcome]:
    """Read what became of each commit of a transaction that did run."""
    return [
        answer.header.revision
        if nested.response_txn.succeeded
        else PreconditionFailed(_failed(keys, commit.operations, nested.response_txn.responses))
        for commit, nested in zip(group, answer.responses[_OWN:], strict=True)
    ]


def inquiry(keys: Keys, group: Sequence[Commit], revision: int) -> rpc_pb2.TxnRequest:
    """Build the question what the transaction that made `revision` found, when its answer was lost."""
    questions = (
        [_read(keys.encode(operation.key), revision - 1) for operation in _expecting(commit.operations)]
        for commit in group
    )
    # Nested as the commits were, and so within etcd's limits as they were.
    nested = (rpc_pb2.TxnRequest(success=reads) for reads in questions)
    return rpc_pb2.TxnRequest(success=[rpc_pb2.RequestOp(request_txn=one) for one in nested])


def outcomes_at(keys: Keys, group: Sequence[Commit], revision: int, answer: rpc_pb2.TxnResponse) -> list[Outcome]:
    """Read from the inquiry's answer what became of each commit."""
    result: list[Outcome] = []
    for commit, nested in zip(group, answer.responses, strict=True):
        failed = _failed(keys, commit.operations, nested.response_txn.responses)
        result.append(PreconditionFailed(failed) if failed else revision)
    return result


def _nested(keys: Keys, group: Sequence[Commit]) -> Sequence[rpc_pb2.RequestOp]:
    return [rpc_pb2.RequestOp(request_txn=_commit(keys, commit.operations)) for commit in group]


def _commit(keys: Keys, operations: Sequence[Operation]) -> rpc_pb2.TxnRequest:
    expecting = _expecting(operations)
    return rpc_pb2.TxnRequest(
        compare=[_unchanged(keys.encode(operation.key), operation.expect or 0) for operation in expecting],
        success=[_do(keys, operation) for operation in operations if not isinstance(operation, Check)],
        failure=[_read(keys.encode(operation.key)) for operation in expecting],
    )


def _expecting(operations: Sequence[Operation]) -> Sequence[Operation]:
    return [operation for operation in operations if operation.expect is not None]


def _failed(
    keys: Keys, operations: Sequence[Operation], found: Sequence[rpc_pb2.ResponseOp]
) -> dict[str, Entry | None]:
    failed = {}
    for operation, answer in zip(_expecting(operations), found, strict=True):
        stored = answer.response_range.kvs
        entry = keys.entry(stored[0]) if stored else None
        if operation.expect != (entry.revision if entry else 0):
            failed[operation.key] = entry
    return failed


def _unchanged(key: bytes, revision: int) -> rpc_pb2.Compare:
    return rpc_pb2.Compare(result=rpc_pb2.Compare.EQUAL, target=rpc_pb2.Compare.MOD, key=key, mod_revision=revision)


def _is(key: bytes, value: bytes) -> rpc_pb2.Compare:
    return rpc_pb2.Compare(result=rpc_pb2.Compare.EQUAL, target=rpc_pb2.Compare.VALUE, key=key, value=value)


def _do(keys: Keys, operation: Put | Delete) -> rpc_pb2.RequestOp:
    key = keys.encode(operation.key)
    if isinstance(operation, Put):
        return _put(key, operation.value)
    return rpc_pb2.RequestOp(request_delete_range=rpc_pb2.DeleteRangeRequest(key=key))


def _put(key: bytes, value: bytes) -> rpc_pb2.RequestOp:
    return rpc_pb2.RequestOp(request_put=rpc_pb2.PutRequest(key=key, value=value))


def _read(key: bytes, revision: int = 0) -> rpc_pb2.RequestOp:
    return rpc_pb2.RequestOp(request_range=rpc_pb2.RangeRequest(key=key, revision=revision))
