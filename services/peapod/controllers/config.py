"""What the controllers can be told."""

from __future__ import annotations

from dataclasses import dataclass

from peapod.common.config import ServiceConfig, option


@dataclass(frozen=True)
class ControllersConfig(ServiceConfig):
    """Keep the cluster in shape."""

    apiserver: str = option("127.0.0.1:7070", "the apiserver's address, or several, separated by commas")
    address: str = option("127.0.0.1:0", "where to serve health and version; port 0 takes any that is free")
    node_grace_seconds: float = option(40.0, "how long a node may be silent before it counts as lost")

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.node_grace_seconds <= 0:
            raise ValueError("--node-grace-seconds must be positive")
