"""What a node refuses again that the scheduler should not have sent, or that changed on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from peapod.v1 import node_service_pb2, pod_pb2
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import NODE, TroubledRuntime, create, delete, running_kubelet, told
from tests.support.pods import make_pod

RUNNING, FAILED = pod_pb2.POD_PHASE_RUNNING, pod_pb2.POD_PHASE_FAILED


def selecting(name: str = "web", **labels: str) -> pod_pb2.Pod:
    pod = make_pod(name=name)
    pod.spec.node_selector.update(labels)
    return pod


def with_disk(name: str, *, read_only: bool) -> pod_pb2.Pod:
    pod = make_pod(name=name)
    disk = pod.spec.volumes.add(name="data").gce_persistent_disk
    disk.pd_name, disk.fs_type, disk.read_only = "shared", "ext4", read_only
    return pod


async def label(api: OwnApi, seen: Following, **labels: str) -> None:
    """Write labels on the node, as an operator does."""
    await seen.until(lambda: NODE in seen.nodes)
    node = (await api.nodes.get_node(node_service_pb2.GetNodeRequest(name=NODE))).node
    node.metadata.labels.update(labels)
    await api.nodes.update_node(node_service_pb2.UpdateNodeRequest(node=node))


async def test_a_pod_that_selects_other_nodes_is_refused_by_name(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root, labels=("disk=hdd",)):
        await create(api, selecting(disk="ssd"))
        await seen.until(lambda: told(seen).phase == FAILED)
        assert (told(seen).reason, told(seen).message) == (
            "NodeSelectorMismatching",
            "this node does not carry the label disk=ssd",
        )
        await seen.until(lambda: bool(seen.told("nodeSelectorMismatching", "web")))
        await create(api, selecting("other", disk="hdd"))
        await seen.until(lambda: told(seen, "other").phase == RUNNING)
    assert runtime.started == ["other/main/0"]


async def test_labels_that_operators_write_count_at_once(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root):
        await label(api, seen, disk="ssd")
        await create(api, selecting(disk="ssd"))
        await seen.until(lambda: told(seen).phase == RUNNING)


async def test_a_pod_that_runs_is_not_turned_out_when_its_node_is_labelled_anew(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root):
        await label(api, seen, disk="ssd")
        await create(api, selecting(disk="ssd"))
        await seen.until(lambda: told(seen).phase == RUNNING)
        await label(api, seen, disk="hdd")
    async with running_kubelet(api, runtime, root):
        await create(api, make_pod(name="later"))
        await seen.until(lambda: told(seen, "later").phase == RUNNING)
        assert told(seen).phase == RUNNING
    assert runtime.started == ["web/main/0", "later/main/0"]


@pytest.mark.parametrize(
    ("first", "second", "conflict"), [(False, True, True), (True, False, True), (True, True, False)]
)
async def test_a_disk_has_one_writer_or_readers(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, first: bool, second: bool, conflict: bool
) -> None:
    async with running_kubelet(api, runtime, root, disks=f"local:{root}"):
        await create(api, with_disk("one", read_only=first))
        await seen.until(lambda: told(seen, "one").HasField("start_time"))
        await create(api, with_disk("two", read_only=second))
        await seen.until(lambda: told(seen, "two").HasField("start_time"))
        assert (told(seen, "two").reason == "DiskConflict") == conflict


async def test_the_cluster_has_no_dns_unless_the_node_was_told(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    pod = make_pod()
    pod.spec.dns_policy = pod_pb2.DNS_POLICY_CLUSTER_FIRST
    async with running_kubelet(api, runtime, root):
        await create(api, pod)
        await seen.until(lambda: told(seen).phase == FAILED)
        assert "spec.dns_policy: the node was told no cluster DNS (--cluster-dns)" in told(seen).message
        await delete(api, "web")
    async with running_kubelet(api, runtime, root, cluster_dns=("10.0.0.10",)):
        await create(api, pod)
        await seen.until(lambda: told(seen).phase == RUNNING)
