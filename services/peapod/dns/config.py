"""What the DNS can be told."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from peapod.common import address
from peapod.common.config import ServiceConfig, option
from peapod.common.errors import Invalid
from peapod.common.names import dns_subdomain_problem
from peapod.dns import upstreams

DOMAIN_MOST, LABEL_MOST = 200, 63
"""Characters of a domain that leave room for names below it, and of a part between two dots."""


@dataclass(frozen=True)
class DnsConfig(ServiceConfig):
    """Answer for the names of services, over UDP and TCP."""

    apiserver: str = option("127.0.0.1:7070", "the apiserver's address, or several, separated by commas")
    address: str = option("127.0.0.1:53", "where to answer, over UDP and TCP; port 0 takes any that is free for both")
    grpc_address: str = option("127.0.0.1:0", "where to serve gRPC health and version; port 0 takes any that is free")
    cluster_domain: str = option("cluster.local", "the domain of the cluster's names")
    upstream: tuple[str, ...] = option(
        (), "the servers that all other names are asked of, with or without a port; empty: as --resolv-conf says"
    )
    resolv_conf: str = option("/etc/resolv.conf", "the file that says where this machine resolves names")
    upstream_seconds: float = option(2.0, "how long each of these servers has to answer, before the next is asked")

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        try:
            host = address.parse(self.address).host
        except Invalid as wrong:
            raise ValueError(f"--address: {wrong.message}") from None
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise ValueError(f"--address {self.address!r}: must be an IP address and a port") from None
        if problem := dns_subdomain_problem(self.cluster_domain) or _length_problem(self.cluster_domain):
            raise ValueError(f"--cluster-domain {self.cluster_domain!r}: {problem}")
        if self.upstream_seconds <= 0:
            raise ValueError("--upstream-seconds must be positive")
        for server in self.upstream:
            try:
                upstreams.parse(server)
            except ValueError as wrong:
                raise ValueError(f"--upstream: {wrong}") from None


def _length_problem(domain: str) -> str | None:
    if len(domain) > DOMAIN_MOST:
        return f"must have at most {DOMAIN_MOST} characters"
    if any(len(label) > LABEL_MOST for label in domain.split(".")):
        return f"must have at most {LABEL_MOST} characters between two dots"
    return None
