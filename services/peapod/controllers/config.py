"""What the controllers can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass

from peapod.common.config import option
from peapod.common.leadership import ElectedConfig


@dataclass(frozen=True)
class ControllersConfig(ElectedConfig):
    """Keep the cluster in shape."""

    apiserver: str = option("127.0.0.1:7070", "the apiserver's address, or several, separated by commas")
    address: str = option("127.0.0.1:0", "where to serve health and version; port 0 takes any that is free")
    node_grace_seconds: float = option(40.0, "how long a node may be silent before it counts as lost")
    pod_eviction_timeout: float = option(
        300.0, "after how many seconds the pods of a node that is not ready are deleted"
    )
    eviction_rate: float = option(10.0, "how many pods of lost nodes are deleted in a second, of all nodes together")

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        for name in ("node_grace_seconds", "pod_eviction_timeout", "eviction_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"--{name.replace('_', '-')} must be a positive number")
