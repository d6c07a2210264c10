"""A replication controller for people: what it makes, and how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from peapod.common.kinds import POD, REPLICATION_CONTROLLER
from peapod_cli import columns, words
from peapod_cli.calls import Connection
from peapod_cli.sections import Lines, pairs

if TYPE_CHECKING:
    from peapod.v1.pod_pb2 import Pod
    from peapod.v1.replication_controller_pb2 import ReplicationController

_PHASES = (("Running", "Running"), ("Pending", "Waiting"), ("Succeeded", "Succeeded"), ("Failed", "Failed"))
"""Those that are counted, and what each is called here."""


def lines(controller: ReplicationController, connection: Connection) -> Lines:
    """Say it all, with the phases of the pods that it counts as its own."""
    metadata, spec = controller.metadata, controller.spec
    pods = connection.of(POD).list(metadata.namespace, words.labels(spec.selector)).items
    yield from pairs(
        ("Name:", metadata.name),
        ("Namespace:", metadata.namespace),
        ("Image(s):", ",".join(container.image for container in spec.template.spec.containers)),
        ("Selector:", words.labels(spec.selector)),
        ("Labels:", words.labels(metadata.labels)),
        ("Annotations:", words.labels(metadata.annotations) if metadata.annotations else ""),
        ("Replicas:", f"{controller.status.replicas} current / {spec.replicas} desired"),
        ("Pods Status:", phases(pods)),
        ("Created:", words.moment(metadata.creation_timestamp)),
    )


def phases(pods: Sequence[Pod]) -> str:
    """Count pods by phase."""
    counts = Counter(columns.pod_phase(pod) for pod in pods)
    return " / ".join(f"{counts[phase]} {said}" for phase, said in _PHASES)


def of_pod(pod: Pod, connection: Connection) -> str:
    """Name the controllers that count a pod as their own, with how many pods they have of how many."""
    own = pod.metadata.labels
    found = [
        f"{one.metadata.name} ({one.status.replicas}/{one.spec.replicas} replicas created)"
        for one in connection.of(REPLICATION_CONTROLLER).list(pod.metadata.namespace).items
        if all(own.get(key) == value for key, value in one.spec.selector.items())
    ]
    return ", ".join(found) or words.NONE
