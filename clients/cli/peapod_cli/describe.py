"""`peapod describe`: one object for people, and what happened to it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from peapod.common.errors import Invalid, NotFound
from peapod_cli import columns, words
from peapod_cli.calls import Connection
from peapod_cli.console import Console
from peapod_cli.kinds import EVENT, NAMESPACE, NODE, POD, SECRET, Kind, Target, targets
from peapod_cli.table import Row, Table

if TYPE_CHECKING:
    from peapod.v1.namespace_pb2 import Namespace as NamespaceMessage
    from peapod.v1.node_pb2 import Node
    from peapod.v1.pod_pb2 import ContainerState, ContainerStatus, Pod
    from peapod.v1.secret_pb2 import Secret

Lines = Iterator[str]


def run(arguments: Namespace, console: Console) -> None:
    """Describe each of the objects that are named, or all of a type."""
    chosen = targets(arguments.what)
    if any(target.kind is EVENT for target in chosen):
        raise Invalid("an event says everything in `get events`")
    with Connection(arguments.server) as connection:
        texts = [text for target in chosen for text in _describe(target, arguments, connection, console)]
    if texts:
        console.line("\n\n".join(texts))


def _describe(target: Target, arguments: Namespace, connection: Connection, console: Console) -> Iterator[str]:
    calls = connection.of(target.kind)
    names = target.names or [item.metadata.name for item in calls.list(arguments.namespace, arguments.selector).items]
    for name in names:
        try:
            item = calls.get(arguments.namespace, name)
        except NotFound as error:
            console.error(error.message)
            continue
        lines = _SAY[target.kind](item, connection)
        yield "\n".join([*lines, *_events(target, item, connection)])


def _pod(pod: Pod, connection: Connection) -> Lines:
    yield from _pairs(
        ("Name:", pod.metadata.name),
        ("Namespace:", pod.metadata.namespace),
        ("Image(s):", ",".join(container.image for container in pod.spec.containers)),
        ("Host:", columns.pod_host(pod)),
        ("IP:", pod.status.pod_ip or words.NONE),
        ("Labels:", words.labels(pod.metadata.labels)),
        ("Status:", columns.pod_phase(pod)),
        ("Reason:", pod.status.reason),
        ("Message:", pod.status.message),
        ("Created:", words.moment(pod.metadata.creation_timestamp)),
    )
    statuses = {status.name: status for status in pod.status.container_statuses}
    containers = [
        (container.name, container.image, *_container_cells(statuses.get(container.name)))
        for container in pod.spec.containers
    ]
    yield from _section("Containers:", ("NAME", "IMAGE", "STATE", "READY", "RESTARTS", "LAST STATE"), containers)
    conditions = [(condition.type, _truth(condition.status)) for condition in pod.status.conditions]
    yield from _section("Conditions:", ("TYPE", "STATUS"), conditions)


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
    return what + (f" ({reason})" if reason else "") + (f": {message}" if message else "")


def _node(node: Node, connection: Connection) -> Lines:
    info = node.status.node_info
    yield from _pairs(
        ("Name:", node.metadata.name),
        ("Labels:", words.labels(node.metadata.labels)),
        ("Status:", columns.node_status(node)),
        ("Addresses:", ",".join(dict.fromkeys(entry.address for entry in node.status.addresses))),
        ("Capacity:", words.labels(node.status.capacity)),
        ("Allocatable:", words.labels(node.status.allocatable)),
        ("Kernel Version:", info.kernel_version),
        ("OS Image:", info.os_image),
        ("Container Runtime:", info.container_runtime_version),
        ("Kubelet Version:", info.kubelet_version),
        ("Created:", words.moment(node.metadata.creation_timestamp)),
    )
    rows = [
        (entry.type, _truth(entry.status), words.moment(entry.last_transition_time), entry.reason, entry.message)
        for entry in node.status.conditions
    ]
    yield from _section("Conditions:", ("TYPE", "STATUS", "LAST TRANSITION", "REASON", "MESSAGE"), rows)
    pods = connection.of(POD).list("", fields=f"spec.node_name={node.metadata.name}").items
    placed = [(pod.metadata.namespace, pod.metadata.name, columns.pod_phase(pod)) for pod in pods]
    yield from _section(f"Pods: ({len(placed)} in total)", ("NAMESPACE", "NAME", "STATUS"), placed)


def _namespace(namespace: NamespaceMessage, connection: Connection) -> Lines:
    yield from _pairs(
        ("Name:", namespace.metadata.name),
        ("Labels:", words.labels(namespace.metadata.labels)),
        ("Status:", columns.namespace_phase(namespace)),
        ("Created:", words.moment(namespace.metadata.creation_timestamp)),
    )


def _secret(secret: Secret, connection: Connection) -> Lines:
    yield from _pairs(
        ("Name:", secret.metadata.name),
        ("Namespace:", secret.metadata.namespace),
        ("Labels:", words.labels(secret.metadata.labels)),
        ("Type:", secret.type),
        ("Created:", words.moment(secret.metadata.creation_timestamp)),
    )
    # Only sizes: whoever describes a secret may be watched.
    sizes = [(key, f"{len(secret.data[key])} bytes") for key in sorted(secret.data)]
    yield from _section("Data:", ("NAME", "SIZE"), sizes)


def _events(target: Target, item: Any, connection: Connection) -> Lines:
    metadata = item.metadata
    about = {"kind": target.kind.title, "name": metadata.name, "namespace": metadata.namespace}
    fields = ",".join(f"involved_object.{field}={value}" for field, value in about.items() if value)
    events = connection.of(EVENT).list(metadata.namespace, fields=fields).items
    # Whoever saw a node may know it by name only; a pod of that name may have been another one.
    known = [event for event in events if event.involved_object.uid in ("", metadata.uid, metadata.name)]
    if not known:
        yield "No events."
        return
    known.sort(key=columns.by_last_time)
    heads, *rows = columns.COLUMNS[EVENT].of(known, wide=False, now=0, heads=True)
    yield from _section("Events:", _short(heads), [_short(row) for row in rows])


_SAY: dict[Kind, Callable[[Any, Connection], Lines]] = {POD: _pod, NODE: _node, NAMESPACE: _namespace, SECRET: _secret}


def _pairs(*pairs: tuple[str, str]) -> Lines:
    yield from Table().lines([pair for pair in pairs if pair[1]])


def _short(event: Row) -> Row:
    """Leave out whom an event is about."""
    return (*event[:3], *event[5:])


def _section(title: str, heads: Row, rows: Sequence[Row]) -> Lines:
    if rows:
        yield title
        yield from ("  " + line for line in Table().lines([heads, *rows]))


def _truth(status: int) -> str:
    from peapod.v1 import meta_pb2

    return words.plain(status, meta_pb2.ConditionStatus, "CONDITION_STATUS_")
