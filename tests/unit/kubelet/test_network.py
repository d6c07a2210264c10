"""What a node grants pods of its network."""

from __future__ import annotations

from pathlib import Path

import pytest

from peapod.common.resolv_conf import Resolver
from peapod.kubelet.node.network import OPTIONS, Network, cluster_first
from peapod.kubelet.runtime.runtime import Dns
from peapod.v1 import pod_pb2
from tests.support.pods import make_pod

CLUSTER = ("10.0.0.10",)
SEARCHES = ("default.cluster.local", "cluster.local")
NODE = Resolver(("192.0.2.1", "192.0.2.2"), ("corp.example", "example"))


def network(resolv_conf: Path, *, cluster_dns: tuple[str, ...] = CLUSTER, sources: tuple[str, ...] = ()) -> Network:
    return Network(cluster_dns, "cluster.local", sources, resolv_conf, isolating=True)


def with_policy(policy: pod_pb2.DnsPolicy) -> pod_pb2.Pod:
    pod = make_pod()
    pod.spec.dns_policy = policy
    return pod


CLUSTER_FIRST = with_policy(pod_pb2.DNS_POLICY_CLUSTER_FIRST)


def test_the_clusters_servers_and_domains_come_before_the_nodes() -> None:
    assert cluster_first("team", CLUSTER, "cluster.local", NODE, own_network=True) == Dns(
        ("10.0.0.10", "192.0.2.1", "192.0.2.2"),
        ("team.cluster.local", "cluster.local", "corp.example", "example"),
        OPTIONS,
    )


@pytest.mark.parametrize(("own", "servers"), [(True, ("10.0.0.10",)), (False, ("10.0.0.10", "127.0.0.53", "::1"))])
def test_a_server_on_the_nodes_loopback_is_out_of_reach_of_a_network_of_ones_own(
    own: bool, servers: tuple[str, ...]
) -> None:
    node = Resolver(("127.0.0.53", "::1"), ())
    assert cluster_first("default", CLUSTER, "cluster.local", node, own_network=own).servers == servers


def test_no_more_is_given_than_a_resolver_reads() -> None:
    node = Resolver(tuple(f"192.0.2.{n}" for n in range(9)), tuple(f"d{n}.example" for n in range(9)))
    made = cluster_first("default", CLUSTER, "cluster.local", node, own_network=True)
    assert (len(made.servers), len(made.searches)) == (3, 6)
    long = Resolver((), ("x" * 200, "y" * 60))
    assert cluster_first("default", CLUSTER, "cluster.local", long, own_network=True).searches == (
        "default.cluster.local",
        "cluster.local",
        "x" * 200,
    )


def test_only_cluster_first_changes_where_a_pod_resolves(tmp_path: Path) -> None:
    node = tmp_path / "resolv.conf"
    node.write_text("nameserver 192.0.2.1\n")
    told = network(node)
    assert told.dns(with_policy(pod_pb2.DNS_POLICY_DEFAULT)) is None
    assert told.dns(CLUSTER_FIRST) == Dns(("10.0.0.10", "192.0.2.1"), SEARCHES, OPTIONS)


def test_a_pod_on_the_nodes_network_reaches_the_nodes_loopback(tmp_path: Path) -> None:
    node = tmp_path / "resolv.conf"
    node.write_text("nameserver 127.0.0.53\n")
    shared = with_policy(pod_pb2.DNS_POLICY_CLUSTER_FIRST)
    shared.spec.host_network = True
    servers = [made.servers for pod in (CLUSTER_FIRST, shared) if (made := network(node).dns(pod))]
    assert servers == [CLUSTER, (*CLUSTER, "127.0.0.53")]


def test_a_node_without_a_file_has_the_clusters_servers_alone(tmp_path: Path) -> None:
    made = network(tmp_path / "none").dns(CLUSTER_FIRST)
    assert made == Dns(CLUSTER, SEARCHES, OPTIONS)


def test_what_the_node_was_not_told_is_refused_by_name(tmp_path: Path) -> None:
    pod = make_pod()
    pod.spec.dns_policy = pod_pb2.DNS_POLICY_CLUSTER_FIRST
    pod.spec.host_network = True
    poor = network(tmp_path / "none", cluster_dns=(), sources=("file",))
    assert [one.field for one in poor.refusals("api", pod)] == ["spec.host_network", "spec.dns_policy"]
    assert [one.field for one in poor.refusals("file", pod)] == ["spec.dns_policy"]
    assert [*network(tmp_path / "none", sources=("api",)).refusals("api", pod)] == []


def test_a_cluster_dns_on_the_nodes_loopback_is_for_pods_on_the_nodes_network_alone(tmp_path: Path) -> None:
    shared = with_policy(pod_pb2.DNS_POLICY_CLUSTER_FIRST)
    shared.spec.host_network = True
    near = network(tmp_path / "none", cluster_dns=("127.0.0.1",), sources=("api",))
    (refusal,) = near.refusals("api", CLUSTER_FIRST)
    assert (refusal.field, "loopback" in refusal.description) == ("spec.dns_policy", True)
    assert [*near.refusals("api", shared)] == []
    assert near.dns(shared) == Dns(("127.0.0.1",), SEARCHES, OPTIONS)
