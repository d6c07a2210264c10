"""What this node grants pods of its network: the network itself, and where they resolve names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from peapod.common import resolv_conf
from peapod.common.errors import Violation
from peapod.common.resolv_conf import Resolver
from peapod.kubelet.runtime.runtime import Dns
from peapod.v1 import pod_pb2

SERVERS_MOST = 3
"""Name servers that a resolver asks; it passes over more."""
SEARCHES_MOST, SEARCH_CHARACTERS_MOST = 6, 256
"""Domains that a resolver tries, and how long they may be together; older ones pass over more."""

OPTIONS = ("ndots:5",)
"""Has names with as few dots as a service's in another namespace looked for in the cluster before anywhere else."""


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
        if pod.spec.dns_policy == pod_pb2.DNS_POLICY_CLUSTER_FIRST and (problem := self._dns_problem(pod)):
            yield Violation("spec.dns_policy", f"{problem} (--cluster-dns): use Default")

    def dns(self, pod: pod_pb2.Pod) -> Dns | None:
        """Say where the pod resolves names; None is as its node does."""
        if pod.spec.dns_policy != pod_pb2.DNS_POLICY_CLUSTER_FIRST:
            return None
        node = resolv_conf.read(self.resolv_conf)
        own = self._has_own(pod)
        return cluster_first(pod.metadata.namespace, self.cluster_dns, self.cluster_domain, node, own_network=own)

    def _has_own(self, pod: pod_pb2.Pod) -> bool:
        """Tell whether a pod has a network of its own."""
        return self.isolating and not pod.spec.host_network

    def _dns_problem(self, pod: pod_pb2.Pod) -> str:
        """Say why a pod cannot ask the cluster's servers."""
        if not self.cluster_dns:
            return "the node was told no cluster DNS"
        if not _reachable(self.cluster_dns, own_network=self._has_own(pod)):
            return "the cluster DNS is on the node's loopback, out of reach of a pod with a network of its own"
        return ""


def cluster_first(namespace: str, servers: tuple[str, ...], domain: str, node: Resolver, *, own_network: bool) -> Dns:
    """Have the cluster asked before the node's servers, and a name looked for in the pod's namespace first."""
    reachable = dict.fromkeys(_reachable([*servers, *node.servers], own_network=own_network))
    searches = dict.fromkeys([f"{namespace}.{domain}", domain, *node.searches])
    return Dns(tuple(reachable)[:SERVERS_MOST], _fitting(tuple(searches)), OPTIONS)


def _reachable(servers: Sequence[str], *, own_network: bool) -> list[str]:
    return [server for server in servers if not (own_network and _is_loopback(server))]


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
