"""Namespaces: scopes for names."""

from __future__ import annotations

from peapod.apiserver.resources.metadata import now
from peapod.apiserver.resources.strategy import Strategy
from peapod.common import kinds
from peapod.rules.namespace import STANDARD_FINALIZER, violations
from peapod.v1 import namespace_pb2


def begin(namespace: namespace_pb2.Namespace) -> None:
    """Let a namespace begin as active, and have the cluster clean up before it goes."""
    if STANDARD_FINALIZER not in namespace.spec.finalizers:
        namespace.spec.finalizers.append(STANDARD_FINALIZER)
    namespace.status.phase = namespace_pb2.NAMESPACE_PHASE_ACTIVE


def keep(new: namespace_pb2.Namespace, old: namespace_pb2.Namespace) -> None:
    """Leave the status to the server, and the finalizers to those who finish."""
    new.status.CopyFrom(old.status)
    new.spec.finalizers[:] = old.spec.finalizers


def retired(namespace: namespace_pb2.Namespace) -> namespace_pb2.Namespace | None:
    """Mark a namespace as being deleted, since when it lets nothing in, until all its finalizers are gone."""
    if not namespace.spec.finalizers:
        return None
    marked = namespace_pb2.Namespace()
    marked.CopyFrom(namespace)
    if not marked.metadata.HasField("deletion_timestamp"):
        marked.metadata.deletion_timestamp.CopyFrom(now())
    marked.status.phase = namespace_pb2.NAMESPACE_PHASE_TERMINATING
    return marked


STRATEGY = Strategy(
    of=kinds.NAMESPACE,
    message=namespace_pb2.Namespace,
    begin=begin,
    keep=keep,
    validate=violations,
    retired=retired,
)
