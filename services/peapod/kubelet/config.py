"""What the kubelet can be told."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from peapod.common import address, labels, quantity
from peapod.common.config import ServiceConfig, option
from peapod.common.errors import Invalid
from peapod.common.names import dns_subdomain_problem


@dataclass(frozen=True)
class KubeletConfig(ServiceConfig):
    """Run the pods of one node."""

    node_name: str = option("", "the node's name; empty: the host's, in lower case")
    apiserver: str = option("127.0.0.1:7070", "where the apiservers are: host:port, several by comma")
    address: str = option("127.0.0.1:0", "where to listen; port 0: any that is free")
    advertise_address: str = option("", "the host:port by which the apiserver reaches this kubelet; empty: --address")
    root_dir: str = option("/var/lib/peapod/kubelet", "where the pods' volumes and the kubelet's own files are")
    runtime: str = option(
        "auto",
        "what runs containers; auto: docker where its engine answers, else sandbox, and from then on the same",
        choices=("auto", "docker", "sandbox", "hollow"),
    )
    docker_host: str = option("", "the Docker engine's address; empty: as DOCKER_HOST says, or the local socket")
    network_image: str = option("", "the image of the pods' network containers; empty: the built-in one")
    hide: tuple[str, ...] = option((), "directories, besides its own, that sandboxes must not see")
    labels: tuple[str, ...] = option((), "labels of the node when it is first registered: key=value,key=value")
    heartbeat_seconds: float = option(10.0, "how often the node reports itself")
    cpu: str = option("", "cores that pods may take, such as 4 or 500m; empty: the machine's")
    memory: str = option("", "bytes of memory that pods may take, such as 8Gi; empty: the machine's")
    pods: int = option(110, "how many pods may run here")

    def __post_init__(self) -> None:
        """Fill in the host's name, and refuse what cannot work."""
        if not self.node_name:
            object.__setattr__(self, "node_name", socket.gethostname().lower())
        if problem := dns_subdomain_problem(self.node_name):
            raise ValueError(f"--node-name {self.node_name!r}: {problem}")
        if self.heartbeat_seconds <= 0:
            raise ValueError("--heartbeat-seconds must be positive")
        for flag, text in (("--cpu", self.cpu), ("--memory", self.memory)):
            _check(flag, quantity.parse, text)
        _check("--address", address.parse, self.address)
        _check("--advertise-address", address.parse, self.advertise_address)
        self.node_labels()

    def node_labels(self) -> dict[str, str]:
        """Read the labels; raise ValueError for one that is none."""
        found = {}
        for label in self.labels:
            key, equals, value = label.partition("=")
            problem = labels.key_problem(key) or labels.value_problem(value) or ("" if equals else "has no value")
            if problem:
                raise ValueError(f"--labels {label!r}: {problem}")
            found[key] = value
        return found


def _check(flag: str, parse: Callable[[str], object], text: str) -> None:
    try:
        if text:
            parse(text)
    except Invalid as wrong:
        raise ValueError(f"{flag}: {wrong.message}") from None
    except ValueError as wrong:
        raise ValueError(f"{flag}: {wrong}") from None
