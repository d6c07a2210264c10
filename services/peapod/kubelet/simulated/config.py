"""What simulated nodes can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from peapod.common.config import ServiceConfig, option
from peapod.kubelet.config import KubeletConfig


@dataclass(frozen=True)
class SimulatedConfig(ServiceConfig):
    """Run many nodes without containers in one process."""

    apiserver: str = option("127.0.0.1:7070", "where the apiservers are: host:port, several by comma")
    address: str = option("127.0.0.1:0", "where to serve health; port 0: any that is free")
    root_dir: str = option("/var/lib/peapod/simulated", "where the nodes' directories are")
    nodes: int = option(100, "how many nodes")
    name: str = option("simulated", "what the nodes are called; a number follows")
    labels: tuple[str, ...] = option((), "labels of every node when it is first registered: key=value,key=value")
    cpu: str = option("16", "cores that pods may take on each node")
    memory: str = option("32Gi", "bytes of memory that pods may take on each node")
    pods: int = option(110, "how many pods may run on each node")
    heartbeat_seconds: float = option(10.0, "how often each node reports itself")

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.nodes < 1:
            raise ValueError("--nodes must be positive")
        if self.pods < 1:
            raise ValueError("--pods must be positive")
        self.node(0)

    def node(self, number: int) -> KubeletConfig:
        """Say what the kubelet of one node is told."""
        name = f"{self.name}-{number}"
        return KubeletConfig(
            node_name=name,
            apiserver=self.apiserver,
            root_dir=str(Path(self.root_dir) / name),
            runtime="hollow",
            labels=self.labels,
            cpu=self.cpu,
            memory=self.memory,
            pods=self.pods,
            heartbeat_seconds=self.heartbeat_seconds,
        )
