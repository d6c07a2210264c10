"""What a cluster comes to when nothing disturbs it any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peapod.common.follower import Key
from peapod.common.kinds import (
    ENDPOINTS,
    EVENT,
    KINDS,
    NAMESPACE,
    NODE,
    POD,
    REPLICATION_CONTROLLER,
    RESOURCE_QUOTA,
    SERVICE,
    Kind,
)
from peapod.controllers.nodes.conditions import is_ready as node_is_ready
from peapod.controllers.pod_state import is_ready
from peapod.v1 import namespace_pb2, pod_pb2

FOLLOWED = tuple(kind for kind in KINDS if kind not in (POD, NODE, EVENT))
"""What is looked at besides pods and nodes. Events may be late, and expire."""

Objects = Mapping[Kind, Mapping[Key, Any]]


def discords(objects: Objects) -> Iterator[str]:
    """Name what is not as it is to be in the end, by what the apiserver shows."""
    yield from _nodes(objects)
    yield from _pods(objects)
    for key, controller in objects[REPLICATION_CONTROLLER].items():
        yield from _controller(objects, key, controller)
    yield from _endpoints(objects)
    for key, quota in objects[RESOURCE_QUOTA].items():
        yield from _quota(objects, key, quota)
    yield from _namespaces(objects)


def picked(objects: Objects, namespace: str, selector: Mapping[str, str]) -> list[pod_pb2.Pod]:
    """The pods of a namespace that have all of some labels."""
    found = (pod for (space, _), pod in objects[POD].items() if space == namespace)
    return [pod for pod in found if selector.items() <= dict(pod.metadata.labels).items()]


def _nodes(objects: Objects) -> Iterator[str]:
    yield from (f"node {name} is not ready" for (_, name), node in objects[NODE].items() if not node_is_ready(node))


def _pods(objects: Objects) -> Iterator[str]:
    for key, pod in objects[POD].items():
        if not (pod.spec.node_name and is_ready(pod)):
            yield f"pod {key} is not ready: {pod.spec.node_name!r} {pod_pb2.PodPhase.Name(pod.status.phase)}"


def _controller(objects: Objects, key: Key, controller: Any) -> Iterator[str]:
    count, asked = len(picked(objects, key[0], controller.spec.selector)), controller.spec.replicas
    if controller.status.replicas != count:
        yield f"controller {key} has {count} pods and says {controller.status.replicas}"
    if count > asked or (count < asked and not _is_full(objects, key[0])):
        yield f"controller {key} has {count} pods and asks for {asked}"


def _is_full(objects: Objects, namespace: str) -> bool:
    """Tell whether a quota keeps further pods out of a namespace."""
    count = len(picked(objects, namespace, {}))
    quotas = (quota for (space, _), quota in objects[RESOURCE_QUOTA].items() if space == namespace)
    return any(count >= int(quota.spec.hard["pods"]) for quota in quotas if "pods" in quota.spec.hard)


def _endpoints(objects: Objects) -> Iterator[str]:
    for key, service in objects[SERVICE].items():
        found = objects[ENDPOINTS].get(key)
        subsets = found.subsets if found is not None else ()
        addressed = {one.target_ref.uid for subset in subsets for one in subset.addresses}
        ready = {pod.metadata.uid for pod in picked(objects, key[0], service.spec.selector) if is_ready(pod)}
        if service.spec.selector and (found is None or addressed != ready):
            yield f"service {key} leads to {len(addressed)} pods, and {len(ready)} are ready"
    for key in objects[ENDPOINTS].keys() - objects[SERVICE].keys():
        yield f"endpoints {key} are of no service"


def _quota(objects: Objects, key: Key, quota: Any) -> Iterator[str]:
    for kind in (POD, SERVICE):
        count = sum(namespace == key[0] for namespace, _ in objects[kind])
        used = quota.status.used.get(kind.plural, "")
        if kind.plural in quota.spec.hard and used != str(count):
            yield f"quota {key} counts {used!r} of {kind.plural}, and there are {count}"


def _namespaces(objects: Objects) -> Iterator[str]:
    """Have namespaces that are to go be gone, with all that was in them."""
    for (_, name), namespace in objects[NAMESPACE].items():
        if namespace.status.phase == namespace_pb2.NAMESPACE_PHASE_TERMINATING:
            yield f"namespace {name} is still there"
    known = {name for _, name in objects[NAMESPACE]}
    for kind, found in objects.items():
        if kind.namespaced:
            yield from (f"{kind.singular} {key} is in no namespace" for key in found if key[0] not in known)
