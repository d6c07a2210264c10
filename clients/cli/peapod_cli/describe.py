"""`peapod describe`: one object for people, and what happened to it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from peapod.common.errors import Invalid, NotFound
from peapod.common.kinds import (
    ENDPOINTS,
    EVENT,
    LIMIT_RANGE,
    NAMESPACE,
    NODE,
    POD,
    REPLICATION_CONTROLLER,
    RESOURCE_QUOTA,
    SECRET,
    SERVICE,
    Kind,
)
from peapod_cli import (
    about,
    columns,
    describe_bounds,
    describe_controller,
    describe_node,
    describe_pod,
    describe_service,
    words,
)
from peapod_cli.calls import Connection
from peapod_cli.console import Console
from peapod_cli.kinds import Target, targets
from peapod_cli.sections import Lines, pairs, section

if TYPE_CHECKING:
    from peapod.v1.namespace_pb2 import Namespace as NamespaceMessage
    from peapod.v1.secret_pb2 import Secret


def run(arguments: Namespace, console: Console) -> None:
    """Describe each of the objects that are named, or all of a type."""
    chosen = targets(arguments.words)
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
        yield "\n".join([*lines, *about.events(target.kind, item, connection)])


def _namespace(namespace: NamespaceMessage, connection: Connection) -> Lines:
    yield from pairs(
        ("Name:", namespace.metadata.name),
        ("Labels:", words.labels(namespace.metadata.labels)),
        ("Status:", columns.namespace_phase(namespace)),
        ("Created:", words.moment(namespace.metadata.creation_timestamp)),
    )


def _secret(secret: Secret, connection: Connection) -> Lines:
    yield from pairs(
        ("Name:", secret.metadata.name),
        ("Namespace:", secret.metadata.namespace),
        ("Labels:", words.labels(secret.metadata.labels)),
        ("Type:", secret.type),
        ("Created:", words.moment(secret.metadata.creation_timestamp)),
    )
    # Only sizes: whoever describes a secret may be watched.
    sizes = [(key, f"{len(secret.data[key])} bytes") for key in sorted(secret.data)]
    yield from section("Data:", ("NAME", "SIZE"), sizes)


_SAY: dict[Kind, Callable[[Any, Connection], Lines]] = {
    POD: describe_pod.lines,
    REPLICATION_CONTROLLER: describe_controller.lines,
    SERVICE: describe_service.lines,
    ENDPOINTS: describe_service.endpoints_lines,
    NODE: describe_node.lines,
    NAMESPACE: _namespace,
    SECRET: _secret,
    LIMIT_RANGE: describe_bounds.limit_range_lines,
    RESOURCE_QUOTA: describe_bounds.quota_lines,
}
