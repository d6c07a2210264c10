"""What the kubelet can be told."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from peapod.common import address, labels, quantity
from peapod.common.config import ServiceConfig, option
from peapod.common.errors import Invalid
from peapod.common.names import dns_subdomain_problem
from peapod.kubelet.volumes.disks.open import open_disks

SOURCES = ("api", "file", "http")
"""Where pods may come from."""


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
    docker_config: str = option(
        "", "the file with logins for registries; empty: config.json in DOCKER_CONFIG, or in ~/.docker"
    )
    network_image: str = option("", "the image of the pods' network containers; empty: the built-in one")
    hide: tuple[str, ...] = option((), "directories, besides its own, that sandboxes must not see")
    disks: str = option(
        "", "where persistent disks are: local:DIRECTORY or gce:PROJECT/ZONE[/INSTANCE]; empty: nowhere, none"
    )
    labels: tuple[str, ...] = option((), "labels of the node when it is first registered: key=value,key=value")
    manifest_dir: str = option("", "a file or directory with manifests of static pods; empty: none")
    manifest_url: str = option("", "where a manifest of static pods is fetched over HTTP; empty: nowhere")
    manifest_seconds: float = option(20.0, "how often it is fetched")
    allow_privileged: bool = option(False, "let containers of static pods be privileged; of others, the apiserver says")
    host_network_sources: tuple[str, ...] = option(
        ("api", "file", "http"), "the sources whose pods may use the node's own network"
    )
    cluster_dns: tuple[str, ...] = option((), "the cluster's name servers, for pods with dnsPolicy ClusterFirst")
    cluster_domain: str = option("cluster.local", "the domain of the cluster's names")
    resolv_conf: str = option("/etc/resolv.conf", "the file that says where the node resolves names")
    heartbeat_seconds: float = option(10.0, "how often the node reports itself")
    cpu: str = option("", "cores that pods may take, such as 4 or 500m; empty: the machine's")
    memory: str = option("", "bytes of memory that pods may take, such as 8Gi; empty: the machine's")
    reserve_cpu: str = option("", "cores of these to keep from pods, for the system, such as 500m")
    reserve_memory: str = option("", "bytes of memory to keep from pods, such as 512Mi")
    pods: int = option(110, "how many pods may run here")
    image_gc_high_percent: int = option(90, "how full the images' disk may be before unused images are removed")
    image_gc_low_percent: int = option(80, "how full it is to be then; the least recently used go first")
    image_gc_seconds: float = option(300.0, "how often the images' disk is looked at")
    container_gc_seconds: float = option(60.0, "how often the dead containers of finished pods are counted")
    container_gc_age_seconds: float = option(60.0, "how long a dead container is kept at least")
    dead_containers: int = option(100, "how many dead containers of finished pods are kept; the oldest go first")

    def __post_init__(self) -> None:
        """Fill in the host's name, and refuse what cannot work."""
        if not self.node_name:
            object.__setattr__(self, "node_name", socket.gethostname().lower())
        if problem := dns_subdomain_problem(self.node_name):
            raise ValueError(f"--node-name {self.node_name!r}: {problem}")
        if self.heartbeat_seconds <= 0:
            raise ValueError("--heartbeat-seconds must be positive")
        for name in ("cpu", "memory", "reserve_cpu", "reserve_memory"):
            _check(_flag(name), _amount, getattr(self, name))
        self._check_garbage_collection()
        self._check_manifests()
        self._check_network()
        _check("--disks", lambda text: open_disks(text, self.node_name, Path(self.root_dir)), self.disks)
        _check("--address", address.parse, self.address)
        _check("--advertise-address", address.parse, self.advertise_address)
        self.node_labels()

    def _check_manifests(self) -> None:
        if self.manifest_url and urlsplit(self.manifest_url).scheme not in ("http", "https"):
            raise ValueError(f"--manifest-url {self.manifest_url!r}: must begin with http:// or https://")
        if self.manifest_seconds <= 0:
            raise ValueError("--manifest-seconds must be positive")

    def _check_network(self) -> None:
        for source in self.host_network_sources:
            if source not in SOURCES:
                raise ValueError(f"--host-network-sources: {source!r} is none of {', '.join(SOURCES)}")
        for server in self.cluster_dns:
            _check("--cluster-dns", ip_address, server)
        if problem := dns_subdomain_problem(self.cluster_domain):
            raise ValueError(f"--cluster-domain {self.cluster_domain!r}: {problem}")

    def _check_garbage_collection(self) -> None:
        if not 0 <= self.image_gc_low_percent <= self.image_gc_high_percent <= 100:
            raise ValueError("--image-gc-low-percent and --image-gc-high-percent must be 0 to 100, the low one lower")
        for name in ("image_gc_seconds", "container_gc_seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{_flag(name)} must be positive")
        for name in ("container_gc_age_seconds", "dead_containers"):
            if getattr(self, name) < 0:
                raise ValueError(f"{_flag(name)} must not be negative")

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


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _amount(text: str) -> None:
    if quantity.parse(text) < 0:
        raise ValueError(f"{text!r} is negative")


def _check(flag: str, parse: Callable[[str], object], text: str) -> None:
    try:
        if text:
            parse(text)
    except Invalid as wrong:
        raise ValueError(f"{flag}: {wrong.message}") from None
    except ValueError as wrong:
        raise ValueError(f"{flag}: {wrong}") from None
