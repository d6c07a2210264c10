"""What there is to say of an object besides what was declared: how its containers are, and what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from peapod.common.kinds import EVENT, Kind
from peapod_cli import columns, words
from peapod_cli.calls import Connection
from peapod_cli.sections import Lines, section
from peapod_cli.table import Row

if TYPE_CHECKING:
    from peapod.v1.pod_pb2 import ContainerState, ContainerStatus, Pod


def containers(pod: Pod) -> Lines:
    """Say of each container how it is, and how it ended the last time."""
    statuses = {status.name: status for status in pod.status.container_statuses}
    rows = [
        (container.name, container.image, *_container_cells(statuses.get(container.name)))
        for container in pod.spec.containers
    ]
    yield from section("Containers:", ("NAME", "IMAGE", "STATE", "READY", "RESTARTS", "LAST STATE"), rows)


def _container_cells(status: ContainerStatus | None) -> Row:
    if status is None:
        return ("Waiting", "False", "0", "")
    return (_state(status.state), str(status.ready), str(status.restart_count), _state(status.last_state))


def _state(state: ContainerState) -> str:
    """Say a state in a few words; "" when there is none."""
    form = state.WhichOneof("state")
    if form == "running":
        return f"Running since {words.moment(state.running.started_at)}"
    if form == "waiting":
        return _because("Waiting", state.waiting.reason, state.waiting.message)
    if form == "terminated":
        ended = f"Terminated with {state.terminated.exit_code}"
        return _because(ended, state.terminated.reason, state.terminated.message)
    return ""


def _because(what: str, reason: str, message: str) -> str:
    said = what + (f" ({reason})" if reason else "") + (f": {message}" if message else "")
    # A termination message may have any number of lines, and a cell has one.
    return " ".join(said.split())


def events(kind: Kind, item: Any, connection: Connection, *, most: int = 0) -> Lines:
    """Tell what happened to an object, all of it or the latest."""
    metadata = item.metadata
    about = {"kind": kind.title, "name": metadata.name, "namespace": metadata.namespace}
    fields = ",".join(f"involved_object.{field}={value}" for field, value in about.items() if value)
    found = connection.of(EVENT).list(metadata.namespace, fields=fields).items
    # Whoever saw a node may know it by name only; a pod of that name may have been another one.
    known = [event for event in found if event.involved_object.uid in ("", metadata.uid, metadata.name)]
    if not known:
        yield "No events."
        return
    known.sort(key=columns.by_last_time)
    heads, *rows = columns.COLUMNS[EVENT].of(known[-most:], wide=False, now=0, heads=True)
    yield from section("Events:", _short(heads), [_short(row) for row in rows])


def _short(event: Row) -> Row:
    """Leave out whom an event is about."""
    return (*event[:3], *event[5:])
