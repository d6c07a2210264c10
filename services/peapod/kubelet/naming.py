"""How a container is named, so that its pod, its place and its attempt can be read back from the runtime alone.

The form is the chapter's, with a counted attempt where it had a random part: creating twice makes one container.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from google.protobuf.message import Message

from peapod.rules import container

NETWORK = container.NETWORK
"""The name of a pod's network container."""

_PREFIX = "io.peapod."


@dataclass(frozen=True, slots=True)
class ContainerName:
    """Everything that tells one container of one pod from all others, on one engine."""

    container: str
    spec_hash: str
    pod: str
    namespace: str
    source: str
    """Where the pod came from: "api", "file" or "http"."""
    uid: str
    attempt: int
    """Counts the container's instances in this pod, from 0."""

    def __str__(self) -> str:
        pod = f"{self.pod}.{self.namespace}.{self.source}"
        return f"k8s_{self.container}.{self.spec_hash}_{pod}_{self.uid}_{self.attempt}"

    def labels(self, node: str) -> dict[str, str]:
        """Make the runtime labels from which `from_labels` reads the name back, and the owning node."""
        return {
            _PREFIX + "container": self.container,
            _PREFIX + "spec-hash": self.spec_hash,
            _PREFIX + "pod": self.pod,
            _PREFIX + "namespace": self.namespace,
            _PREFIX + "source": self.source,
            UID_LABEL: self.uid,
            _PREFIX + "attempt": str(self.attempt),
            NODE_LABEL: node,
        }

    @classmethod
    def from_labels(cls, labels: dict[str, str]) -> ContainerName:
        """Read a name back; raise ValueError for a container that no kubelet made."""
        try:
            texts = {
                field: labels[_PREFIX + field.replace("_", "-")]
                for field in ("container", "spec_hash", "pod", "namespace", "source", "uid")
            }
            return cls(**texts, attempt=int(labels[_PREFIX + "attempt"]))
        except KeyError as missing:
            raise ValueError(f"the label {missing} is missing") from missing


UID_LABEL = _PREFIX + "uid"
"""The label that tells a pod's containers from those of all others."""

NODE_LABEL = _PREFIX + "node"
"""The label that tells the containers of several nodes on one engine apart."""


def spec_hash(spec: Message) -> str:
    """Shorten a spec to eight hex digits; equal specs have equal hashes."""
    return hashlib.sha256(spec.SerializeToString(deterministic=True)).hexdigest()[:8]
