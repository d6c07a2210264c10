"""How many pods a replication controller has, and which are to be made or to go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import islice

from peapod.controllers.pod_state import is_over, is_ready
from peapod.controllers.replication.names import free_names
from peapod.rules.mirror import is_mirror
from peapod.v1 import pod_pb2
from peapod.v1.replication_controller_pb2 import ReplicationController

BURST = 50
"""How many pods are made, or deleted, before the controller looks again at what there is."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about one controller now; there may be more to do afterwards."""

    replicas: int
    """How many pods there are."""
    create: tuple[str, ...] = ()
    """The names of pods to make."""
    delete: tuple[pod_pb2.Pod, ...] = ()


def decide(
    controller: ReplicationController,
    members: Iterable[pod_pb2.Pod],
    taken: Callable[[str], bool],
    doomed: Collection[str] = (),
) -> Decision:
    """Compare the pods that a controller's selector picks with what it asks for.

    `taken` tells whether a pod of that name is there, whosoever it is. `doomed` are uids of pods that were to be
    deleted already: they may be gone, so they are not counted on, and they go first.
    """
    counted = [pod for pod in members if counts(pod)]
    going = [pod for pod in counted if pod.metadata.uid in doomed]
    staying = [pod for pod in counted if pod.metadata.uid not in doomed]
    surplus = len(staying) - controller.spec.replicas
    if surplus > 0:
        going += sorted(staying, key=_worth)[:surplus]
    missing = islice(free_names(controller, taken), min(BURST, max(0, -surplus)))
    return Decision(len(counted), tuple(missing), tuple(going[:BURST]))


def counts(pod: pod_pb2.Pod) -> bool:
    """Tell whether a pod that matches counts as a replica: it may still run, and no node made it by itself."""
    return not is_over(pod) and not is_mirror(pod)


def made(controller: ReplicationController, name: str) -> pod_pb2.Pod:
    """Make a pod of a controller's template."""
    template = controller.spec.template
    pod = pod_pb2.Pod(spec=template.spec)
    pod.metadata.name, pod.metadata.namespace = name, controller.metadata.namespace
    pod.metadata.labels.update(template.metadata.labels)
    pod.metadata.annotations.update(template.metadata.annotations)
    return pod


def _worth(pod: pod_pb2.Pod) -> tuple[bool, bool, bool, int, str]:
    """Put the pods that are missed least first: without a node, pending, not ready, young."""
    return (
        bool(pod.spec.node_name),
        pod.status.phase not in (pod_pb2.POD_PHASE_UNSPECIFIED, pod_pb2.POD_PHASE_PENDING),
        is_ready(pod),
        -pod.metadata.creation_timestamp.seconds,
        pod.metadata.name,
    )
