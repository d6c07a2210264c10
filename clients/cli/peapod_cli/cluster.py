"""Which services make a cluster on one machine, and what each of them is told."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from peapod.common import address
from peapod.common.errors import Invalid
from peapod.common.names import dns_subdomain_problem

DNS_PORT = 53

SOCKET_PATH_MOST = 107
"""Bytes that a socket's path may have, says the kernel."""


@dataclass(frozen=True)
class Service:
    """One process of the cluster."""

    name: str
    flags: Sequence[str]
    health: str = ""
    """Where it serves gRPC health; empty when that shows only once it runs."""
    module: str = ""
    """Where below `peapod` its code is; empty: by its name."""


@dataclass(frozen=True)
class Cluster:
    """Everything that `peapod up` was told."""

    state_dir: Path
    runtime: str
    apiserver_address: str
    gateway_address: str
    node_name: str
    store: str
    log_level: str
    allow_privileged: bool = False
    disks: str = ""
    manifest_dir: str = ""
    manifest_url: str = ""
    cluster_dns_address: str = "127.0.0.1:0"
    """Where names of services are answered; pods can ask there if it is port 53."""
    cluster_domain: str = "cluster.local"

    def __post_init__(self) -> None:
        """Refuse what cannot work, before anything is started."""
        for name in ("apiserver_address", "gateway_address"):
            if not address.parse(getattr(self, name)).port:
                raise Invalid(f"--{name.replace('_', '-')} needs a port")
        if problem := dns_subdomain_problem(self.cluster_domain):
            raise Invalid(f"--cluster-domain {self.cluster_domain!r}: {problem}")
        if not _can_be_asked(address.parse(self.cluster_dns_address).host):
            raise Invalid(f"--cluster-dns-address {self.cluster_dns_address!r}: must be one IP address and a port")
        if len(bytes(self._socket("controllers"))) > SOCKET_PATH_MOST:
            raise Invalid(f"{self.state_dir}: the path of the state directory is too long for sockets inside")

    @property
    def node(self) -> str:
        """The name of the cluster's one node."""
        return self.node_name or socket.gethostname().lower()

    @property
    def sockets(self) -> Path:
        """The directory of the sockets on which services tell how they are."""
        return self.state_dir / "run"

    def services(self) -> list[Service]:
        """List the services, those first that others need."""
        store = self.store or f"sqlite:///{self.state_dir / 'peapod.db'}"
        apiserver = ["--address", self.apiserver_address, "--store", store]
        apiserver += ["--scheduler", f"unix:{self._socket('scheduler')}"]
        apiserver += ["--allow-privileged"] if self.allow_privileged else []
        return [
            Service("apiserver", [*apiserver, *self._logging()], self.apiserver_address),
            # Who was killed with -9 on this node, and is back, goes on without waiting for itself.
            self._client("scheduler", "--address", "--identity", self.node),
            self._client("controllers", "--address", "--identity", self.node),
            Service("kubelet", [*self._kubelet(), "--apiserver", self.apiserver_address, *self._logging()]),
            # The rules of this machine are left alone: who wants them runs a proxy of its own.
            self._client("proxy", "--address", "--mode", "userspace"),
            self._client("dns", "--grpc-address", *self._dns()),
            self._client("gateway", "--grpc-address", "--address", self.gateway_address),
        ]

    def _kubelet(self) -> list[str]:
        flags = ["--node-name", self.node, "--runtime", self.runtime, "--root-dir", str(self.state_dir / "kubelet")]
        flags += ["--hide", str(self.state_dir)]
        flags += ["--allow-privileged"] if self.allow_privileged else []
        flags += ["--cluster-domain", self.cluster_domain]
        dns = address.parse(self.cluster_dns_address)
        # A resolv.conf has no words for another port.
        flags += ["--cluster-dns", dns.host] if dns.port == DNS_PORT else []
        for name in ("disks", "manifest_dir", "manifest_url"):
            if value := getattr(self, name):
                flags += [f"--{name.replace('_', '-')}", value]
        return flags

    def _dns(self) -> list[str]:
        flags = ["--address", self.cluster_dns_address, "--cluster-domain", self.cluster_domain]
        # There is no DNS with TLS that pods would speak: whoever names another address means it.
        return flags if address.is_loopback(self.cluster_dns_address) else [*flags, "--allow-insecure"]

    def _client(self, name: str, health_flag: str, *flags: str) -> Service:
        health = f"unix:{self._socket(name)}"
        common = ["--apiserver", self.apiserver_address, health_flag, health, *self._logging()]
        return Service(name, [*flags, *common], health)

    def _socket(self, name: str) -> Path:
        return self.sockets / f"{name}.sock"

    def _logging(self) -> list[str]:
        return ["--log-level", self.log_level]


def _can_be_asked(host: str) -> bool:
    """Tell whether it is one address, rather than a name or all there are."""
    try:
        return not ip_address(host).is_unspecified
    except ValueError:
        return False
