"""Namespaces: scopes for names."""

from __future__ import annotations

from peapod.apiserver.resources.strategy import Strategy
from peapod.v1 import namespace_pb2, namespace_service_pb2

FINALIZER = "kubernetes"

_PHASES = {
    namespace_pb2.NAMESPACE_PHASE_ACTIVE: "Active",
    namespace_pb2.NAMESPACE_PHASE_TERMINATING: "Terminating",
}


def set_defaults(namespace: namespace_pb2.Namespace) -> None:
    """Have the cluster clean up before a namespace goes."""
    if FINALIZER not in namespace.spec.finalizers:
        namespace.spec.finalizers.append(FINALIZER)


def reset_status(namespace: namespace_pb2.Namespace) -> None:
    """Let a namespace begin as active."""
    namespace.status.phase = namespace_pb2.NAMESPACE_PHASE_ACTIVE


def keep(new: namespace_pb2.Namespace, old: namespace_pb2.Namespace) -> None:
    """Leave the status to the server."""
    new.status.CopyFrom(old.status)


STRATEGY = Strategy(
    kind="Namespace",
    plural="namespaces",
    message=namespace_pb2.Namespace,
    listing=namespace_service_pb2.ListNamespacesResponse,
    batch=namespace_service_pb2.WatchNamespacesResponse,
    namespaced=False,
    selectable={
        "metadata.name": lambda namespace: namespace.metadata.name,
        "status.phase": lambda namespace: _PHASES.get(namespace.status.phase, ""),
    },
    set_defaults=set_defaults,
    reset_status=reset_status,
    keep=keep,
)
