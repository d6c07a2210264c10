"""What is wanted of one pod on this node."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from peapod.kubelet.admission import Refusal
from peapod.v1 import pod_pb2

GRACE_SECONDS = 10.0
"""Between SIGTERM and SIGKILL where the pod does not say."""


class Intent(Enum):
    """What is to become of the pod's containers."""

    RUN = "run"
    REST = "rest"
    """Nothing of it runs any more, but its remains stay readable: it has succeeded, failed, or was refused."""
    REMOVE = "remove"
    """Nothing of it is to be left."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted of one pod. Without `pod`, which RUN needs, all that is known is what runs."""

    uid: str
    intent: Intent
    pod: pod_pb2.Pod | None = None
    needs_network: bool = True
    source: str = "api"
    """Where the pod came from; a part of its containers' names."""
    refusal: Refusal | None = None
    """Why it was refused, if it was."""

    @property
    def grace_seconds(self) -> float:
        """How long the pod's containers may take to end."""
        if self.pod is None or not self.pod.spec.HasField("termination_grace_period_seconds"):
            return GRACE_SECONDS
        return float(self.pod.spec.termination_grace_period_seconds)

    def replaces(self, other: Goal) -> bool:
        """Tell whether what is under way for the other goal is pointless now."""
        if self.intent is not other.intent or self.pod is None or other.pod is None:
            return True
        return self.pod.spec != other.pod.spec
