"""The calls on the objects of one kind, by the names that the contract gives them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc

from peapod.common import errors
from peapod.common.channel import open_sync_channel
from peapod.common.errors import NotFound, PeapodError, Unavailable

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from peapod.common.kinds import Kind

ANSWER_SECONDS = 30.0
"""The longest to wait for one answer."""


class Batch(NamedTuple):
    """Some changes (what happened, and the object), and the revision to resume behind.

    The revision is 0 while a first snapshot goes on.
    """

    changes: Sequence[tuple[int, Any]]
    revision: int


class Connection:
    """A connection to the apiserver, for one command."""

    def __init__(self, address: str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.address = address
        self.answer_seconds = answer_seconds
        self.channel = open_sync_channel(address)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()

    def of(self, kind: Kind) -> Calls:
        """Get the calls on a kind."""
        return Calls(kind, self)

    def wait(self, seconds: float = ANSWER_SECONDS) -> None:
        """Wait until the server is back; raise `Unavailable` when that takes too long."""
        try:
            grpc.channel_ready_future(self.channel).result(timeout=seconds)
        except grpc.FutureTimeoutError as late:
            raise Unavailable(f"the server at {self.address} did not come back in {seconds:.0f} s") from late

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn a call that fails inside into the error that the server meant, or say that it is not there."""
        try:
            yield
        except grpc.RpcError as error:
            raise meaning(error, self.address) from error


def meaning(error: grpc.RpcError, address: str) -> PeapodError:
    """Read what the server at an address meant by a call that failed, or that it is not there."""
    if error.code() == grpc.StatusCode.UNAVAILABLE and not error.trailing_metadata():
        why = (error.details() or "").rpartition(": ")[2]
        return Unavailable(f"the server at {address} cannot be reached: {why}")
    # A server that stops may cut a stream off before its status is sent.
    if error.code() == grpc.StatusCode.CANCELLED:
        return Unavailable(f"the server at {address} cut the call off")
    if error.code() == grpc.StatusCode.UNIMPLEMENTED and not error.trailing_metadata():
        return Unavailable(f"what listens at {address} is no Peapod apiserver: {error.details()}")
    meant = errors.from_rpc(error)
    if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
        meant.message = f"the server at {address} gave no answer in {ANSWER_SECONDS:g} s"
    return meant


class Calls:
    """The verbs of one kind. They raise what `peapod.common.errors` names."""

    def __init__(self, kind: Kind, connection: Connection) -> None:
        self.kind = kind
        self.connection = connection
        self._client = kind.sync_client(connection.channel)

    def create(self, message: Message, *, validate_only: bool = False) -> Any:
        """Store a new object, or only check it."""
        return self.kind.of(self._call("Create", **self._holding(message), validate_only=validate_only))

    def get(self, namespace: str, name: str) -> Any:
        """Read one object."""
        return self.kind.of(self._call("Get", **self._scope(namespace), name=name))

    def find(self, namespace: str, name: str) -> Any:
        """Read one object, or None when there is none of that name."""
        try:
            return self.get(namespace, name)
        except NotFound:
            return None

    def update(self, message: Message) -> Any:
        """Replace what may change of an object, if it is still at the resource version that it was read at."""
        return self.kind.of(self._call("Update", **self._holding(message)))

    def list(self, namespace: str, labels: str = "", fields: str = "") -> Any:
        """Read all that match: their `items`, and the `revision` and `store_id` of the snapshot."""
        return self._call("List", **self._scope(namespace), label_selector=labels, field_selector=fields)

    def delete(self, namespace: str, name: str, *, uid: str = "", resource_version: int = 0) -> None:
        """Remove one object; where more than its name is given, only if it is this very one and has not changed."""
        only = {"uid": uid, "resource_version": resource_version}
        self._call("Delete", **self._scope(namespace), name=name, **only)

    def watch(
        self, namespace: str, labels: str, fields: str, revision: int, store_id: str, *, seconds: float | None = None
    ) -> Generator[Batch, None, None]:
        """Stream what changes after a revision of a store; a list tells both. Raises `TooLate` after some seconds."""
        selection = {"label_selector": labels, "field_selector": fields}
        place = {"revision": revision, "store_id": store_id}
        request = self.kind.request("Watch", **self._scope(namespace), **selection, **place)
        with self.connection.translated():
            for response in self.kind.bound(self._client, "Watch")(request, timeout=seconds):
                changes = [(change.type, self.kind.of(change)) for change in response.events]
                yield Batch(changes, response.revision)

    def _scope(self, namespace: str) -> dict[str, str]:
        return {"namespace": namespace} if self.kind.namespaced else {}

    def _holding(self, message: Message) -> dict[str, Any]:
        return {self.kind.singular: message}

    def _call(self, verb: str, **fields: Any) -> Any:
        with self.connection.translated():
            return self.kind.bound(self._client, verb)(
                self.kind.request(verb, **fields), timeout=self.connection.answer_seconds
            )
