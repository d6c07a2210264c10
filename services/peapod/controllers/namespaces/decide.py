"""Which namespaces are to be emptied, and in which order."""

from __future__ import annotations

from peapod.common.kinds import KINDS, POD, REPLICATION_CONTROLLER, SERVICE, Kind
from peapod.rules.namespace import STANDARD_FINALIZER, is_terminating
from peapod.v1.namespace_pb2 import Namespace

_FIRST = (REPLICATION_CONTROLLER, SERVICE, POD)
"""What makes others comes before what is made."""

CONTENTS: tuple[Kind, ...] = (*_FIRST, *(kind for kind in KINDS if kind.namespaced and kind not in _FIRST))
"""All that a namespace holds, in the order in which it is removed."""


def must_be_emptied(namespace: Namespace) -> bool:
    """Tell whether a namespace is to go and nobody has emptied it."""
    return is_terminating(namespace) and STANDARD_FINALIZER in namespace.spec.finalizers


def finalized(namespace: Namespace) -> Namespace:
    """Make what is written of a namespace that is empty."""
    wish = Namespace()
    wish.CopyFrom(namespace)
    wish.spec.finalizers.remove(STANDARD_FINALIZER)
    return wish
