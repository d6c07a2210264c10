"""What is simulated, and which processes that takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from peapod.common import address
from peapod.common.errors import Invalid
from peapod_cli.cluster import SOCKET_PATH_MOST, Service

if TYPE_CHECKING:
    from peapod.v1.pod_pb2 import Pod

LABEL = "simulation"
"""What nodes and pods of a simulation carry, with its name."""
PODS_MOST = 110
"""How many pods a simulated node takes."""
CONTAINERS_MOST = 10
CPU, MEMORY = "10m", "16Mi"
"""What each container asks for: little enough that only the number of pods fills a node."""


@dataclass(frozen=True)
class Simulation:
    """Everything that `peapod simulate` was told. `rate` is in pods per second; 0 is as fast as they are taken."""

    folder: Path
    """Where its processes keep what they keep; gone afterwards."""
    pods_folder: Path
    """The same for the nodes' directories of pods."""
    nodes: int
    pods: int
    containers: int
    rate: float
    apiserver: str
    """The cluster to use; empty: one of its own."""
    log_level: str
    name: str = field(default_factory=lambda: f"simulated-{uuid4().hex[:6]}")

    def __post_init__(self) -> None:
        """Refuse what cannot work, before anything is started."""
        if self.nodes < 1 or self.pods < 1:
            raise Invalid("--nodes and --pods must be positive")
        if not 1 <= self.containers <= CONTAINERS_MOST:
            raise Invalid(f"--containers must be 1 to {CONTAINERS_MOST}")
        if self.pods > self.nodes * PODS_MOST:
            raise Invalid(f"--pods {self.pods} is more than --nodes {self.nodes} can take, which is {PODS_MOST} each")
        if self.apiserver:
            address.parse(self.apiserver)
        if len(bytes(self._socket("controllers"))) > SOCKET_PATH_MOST:
            raise Invalid(f"{self.folder}: the path of the state directory is too long for sockets inside")

    @property
    def server(self) -> str:
        """Where the apiserver is."""
        return self.apiserver or f"unix:{self._socket('apiserver')}"

    @property
    def selector(self) -> str:
        """Selects the nodes and pods of this simulation."""
        return f"{LABEL}={self.name}"

    def services(self) -> list[Service]:
        """List the processes, those first that others need."""
        control = [] if self.apiserver else self._control_plane()
        return [*control, self._nodes()]

    def pod(self, number: int) -> Pod:
        """Make one of the pods; only simulated nodes take it."""
        from peapod.v1 import meta_pb2, pod_pb2

        labels = {LABEL: self.name}
        pod = pod_pb2.Pod(metadata=meta_pb2.ObjectMeta(name=f"{self.name}-{number}", labels=labels))
        pod.spec.node_selector.update(labels)
        for index in range(self.containers):
            container = pod.spec.containers.add(name=f"c{index}", image="hollow/simulated")
            container.resources.limits.update({"cpu": CPU, "memory": MEMORY})
        return pod

    def _control_plane(self) -> list[Service]:
        store = f"sqlite:///{self.folder / 'peapod.db'}"
        scheduler = f"unix:{self._socket('scheduler')}"
        return [
            self._service("apiserver", "--store", store, "--scheduler", scheduler),
            self._service("scheduler", "--apiserver", self.server),
            self._service("controllers", "--apiserver", self.server),
        ]

    def _nodes(self) -> Service:
        flags = ["--apiserver", self.server, "--root-dir", str(self.pods_folder), "--labels", self.selector]
        flags += ["--name", self.name, "--nodes", str(self.nodes), "--pods", str(PODS_MOST)]
        return self._service("nodes", *flags, module="kubelet.simulated")

    def _service(self, name: str, *flags: str, module: str = "") -> Service:
        health = f"unix:{self._socket(name)}"
        return Service(name, [*flags, "--address", health, "--log-level", self.log_level], health, module)

    def _socket(self, name: str) -> Path:
        return self.folder / f"{name}.sock"
