"""What this node grants pods of its network: the network itself, and where they resolve names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from peapod.common.errors import Violation
from peapod.kubelet.runtime.runtime import Dns
from peapod.v1 import pod_pb2

SERVERS_MOST = 3
"""Name servers that a resolver asks; it passes over more."""
SEARCHES_MOST, SEARCH_CHARACTERS_MOST = 6, 256
"""Domains that a resolver tries, and how long they may be together; older ones pass over more."""


@dataclass(frozen=True)
class Network:
    """What the node was told about its network."""

    cluster_dns: tuple[str, ...]
    """The cluster's name servers; empty where there are none."""
    cluster_domain: str
    host_sources: tuple[str, ...]
    """The sources whose pods may use the node's own network: "api", "file", "http"."""
    resolv_conf: Path
    """The node's own."""
    isolating: bool
    """Whether pods have networks of their own, unless they ask for the node's."""

    def refusals(self, source: str, pod: pod_pb2.Pod) -> Iterator[Violation]:
        """Name each field of a pod from that source that this node does not grant."""
        if pod.spec.host_network and source not in self.host_sources:
            yield Violation(
                "spec.host_network", f'the node grants it to no pod from "{source}" (--host-network-sources)'
            )
        if pod.spec.dns_policy == pod_pb2.DNS_POLICY_CLUSTER_FIRST and not self.cluster_dns:
            yield Violation("spec.dns_policy", "the node was told no cluster DNS (--cluster-dns): use Default")

    def dns(self, pod: pod_pb2.Pod) -> Dns | None:
        """Say where the pod resolves names; None is as its node does."""
        if pod.spec.dns_policy != pod_pb2.DNS_POLICY_CLUSTER_FIRST:
            return None
        node = read_resolver(_text(self.resolv_conf))
        own = self.isolating and not pod.spec.host_network
        return cluster_first(pod.metadata.namespace, self.cluster_dns, self.cluster_domain, node, own_network=own)


class Resolver(NamedTuple):
    """What a resolv.conf says."""

    servers: tuple[str, ...]
    searches: tuple[str, ...]


def read_resolver(text: str) -> Resolver:
    """Read a resolv.conf; of several `search` and `domain` lines the last counts, as resolv.conf(5) says."""
    servers: list[str] = []
    searches: list[str] = []
    for line in text.splitlines():
        match line.split():
            case ["nameserver", server, *_]:
                servers.append(server)
            case ["search" | "domain", *found]:
                searches = found
    return Resolver(tuple(servers), tuple(searches))


def cluster_first(namespace: str, servers: tuple[str, ...], domain: str, node: Resolver, *, own_network: bool) -> Dns:
    """Have the cluster asked before the node's servers, and a name looked for in the pod's namespace first."""
    reachable = [server for server in node.servers if not (own_network and _is_loopback(server))]
    all_servers = dict.fromkeys([*servers, *reachable])
    searches = dict.fromkeys([f"{namespace}.{domain}", domain, *node.searches])
    return Dns(tuple(all_servers)[:SERVERS_MOST], _fitting(tuple(searches)))


def _fitting(searches: tuple[str, ...]) -> tuple[str, ...]:
    fitting = searches[:SEARCHES_MOST]
    while len(" ".join(fitting)) > SEARCH_CHARACTERS_MOST and len(fitting) > 1:
        fitting = fitting[:-1]
    return fitting


def _is_loopback(server: str) -> bool:
    try:
        return ip_address(server.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _text(path: Path) -> str:
    """Read the file; a node without one has no servers of its own."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
