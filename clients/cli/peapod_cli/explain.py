"""`peapod explain`: why a pod is where it is, or why it is nowhere, and what its kubelet says of it."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from peapod.common.errors import Invalid, Unavailable
from peapod.common.kinds import POD
from peapod_cli import about, columns, kinds, sections
from peapod_cli.calls import ANSWER_SECONDS, Connection
from peapod_cli.console import Console

if TYPE_CHECKING:
    from peapod.v1.placement_pb2 import NodeVerdict, Placement
    from peapod.v1.pod_pb2 import Pod

EVENTS_MOST = 5
"""How many of the latest events are shown."""


def run(arguments: Namespace, console: Console) -> None:
    """Explain one pod. Without a scheduler that answers, what the kubelet says is shown all the same."""
    name = _name(arguments)
    with Connection(arguments.server) as connection:
        pod = connection.of(POD).get(arguments.namespace, name)
        try:
            placement = _placement(connection, arguments.namespace, name)
        except Unavailable as error:
            if arguments.output:
                raise
            console.error(error.message)
            placement = None
        if placement is not None and arguments.output:
            _show_document(placement, arguments.output, console)
            return
        lines = [*(_verdicts(name, placement) if placement else ()), *_state(pod)]
        lines += about.events(POD, pod, connection, most=EVENTS_MOST)
        console.line("\n".join(lines))


def _name(arguments: Namespace) -> str:
    targets = kinds.targets(arguments.words)
    if len(targets) != 1 or targets[0].kind is not POD or len(targets[0].names) != 1:
        raise Invalid("explain one pod: peapod explain pod NAME")
    return targets[0].names[0]


def _placement(connection: Connection, namespace: str, name: str) -> Placement:
    from peapod.v1.pod_service_pb2 import ExplainPodRequest
    from peapod.v1.pod_service_rpc import PodServiceSyncClient

    client = PodServiceSyncClient(connection.channel)
    with connection.translated():
        request = ExplainPodRequest(namespace=namespace, name=name)
        return client.explain_pod(request, timeout=ANSWER_SECONDS).placement


def _verdicts(name: str, placement: Placement) -> Iterator[str]:
    yield f"{name}: {placement.summary}"
    rows = [_row(verdict, verdict.node_name == placement.node_name) for verdict in placement.nodes]
    yield from sections.section("Nodes:", ("NODE", "FITS", "SCORE", "WHY"), rows)


def _row(verdict: NodeVerdict, here: bool) -> tuple[str, str, str, str]:
    name = f"{verdict.node_name} (here)" if here else verdict.node_name
    if verdict.failures:
        return name, "no", "", "; ".join(f"{one.predicate}: {one.reason}" for one in verdict.failures)
    parts = [f"{one.priority} {one.score}" + (f" x {one.weight}" if one.weight != 1 else "") for one in verdict.scores]
    return name, "yes", str(verdict.total), ", ".join(parts)


def _state(pod: Pod) -> Iterator[str]:
    """Say what the node's kubelet told last."""
    if not pod.spec.node_name:
        return
    yield from sections.pairs(
        ("Host:", columns.pod_host(pod)),
        ("Status:", columns.pod_phase(pod)),
        ("Reason:", pod.status.reason),
        ("Message:", pod.status.message),
    )
    yield from about.containers(pod)


def _show_document(placement: Placement, form: str, console: Console) -> None:
    from google.protobuf.json_format import MessageToDict

    document = MessageToDict(placement)
    if form == "json":
        console.line(json.dumps(document, indent=4, ensure_ascii=False))
        return
    from peapod_cli.yaml_form import dump

    console.line(dump(document).rstrip("\n"))
