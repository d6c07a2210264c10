"""A part of a list is never taken for all: nothing is removed because it was not told of."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from peapod.common.server import Server
from peapod.kubelet.config import KubeletConfig
from peapod.kubelet.runtime.runtime import Launch, Observed, RuntimeUnavailable
from peapod.kubelet.server import Kubelet
from peapod.v1 import pod_pb2, pod_service_rpc
from tests.support.fake_pods import FakePods
from tests.support.kubelet import NODE, TroubledRuntime, until_containers
from tests.support.pods import make_pod, seen
from tests.support.worlds import gone

UIDS = ["uid-a", "uid-b", "uid-c"]


@asynccontextmanager
async def kubelet_of(pods: FakePods, runtime: TroubledRuntime, root: Path) -> AsyncGenerator[None]:
    """Run a kubelet of an apiserver that is not quite one."""
    server = Server("127.0.0.1:0", "fake", lambda guard: [pod_service_rpc.pod_service_handler(pods, guard)], [])
    await server.start()
    config = KubeletConfig(node_name=NODE, apiserver=server.address, root_dir=str(root), runtime="hollow")
    kubelet = Kubelet(config, runtime, "127.0.0.1")
    try:
        await kubelet.start()
        yield
    finally:
        await kubelet.stop()
        await server.stop(0)


@pytest.fixture
async def populated(runtime: TroubledRuntime, root: Path) -> FakePods:
    """Three pods in the store, each with a container and a directory on the node."""
    pods = FakePods()
    for uid in UIDS:
        pods.pods[uid] = pod_of(uid)
        await strand(runtime, uid)
        (root / "pods" / uid).mkdir(parents=True)
    return pods


def pod_of(uid: str) -> pod_pb2.Pod:
    pod = make_pod(name=uid, uid=uid)
    pod.spec.node_name = NODE
    return pod


async def strand(runtime: TroubledRuntime, uid: str) -> None:
    """Have the pod's container run, as a kubelet left it that is no more."""
    pod = pod_of(uid)
    await runtime.start(Launch(seen(pod).name, pod, pod.spec.containers[0], "hollow/web"))


def uids_of(listed: list[Observed]) -> set[str]:
    return {one.name.uid for one in listed}


async def test_a_snapshot_that_breaks_off_removes_nothing(
    populated: FakePods, runtime: TroubledRuntime, root: Path
) -> None:
    """Neither containers nor volumes of the pods that it did not come to; a complete one does."""
    populated.snapshot_most = 1
    async with kubelet_of(populated, runtime, root):
        await populated.until(opened=2)
        await runtime.looked()
        assert uids_of(await runtime.list()) == set(UIDS)
        assert {path.name for path in (root / "pods").iterdir()} == set(UIDS)
        populated.delete("uid-b")
        populated.delete("uid-c")
        populated.snapshot_most = None
        await until_containers(runtime, 1)
        assert uids_of(await runtime.list()) == {"uid-a"}
        await gone([root / "pods" / "uid-b", root / "pods" / "uid-c"])
        assert (root / "pods" / "uid-a").exists()


class HalfRuntime(TroubledRuntime):
    """Which fails in the middle of each list, as an engine does that dies."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = True

    async def list(self, uid: str = "") -> list[Observed]:
        found = await super().list(uid)
        if not self.whole:
            raise RuntimeUnavailable(f"only {len(found) // 2} of {len(found)} containers were told")
        return found


async def test_containers_that_were_not_listed_are_neither_started_again_nor_cleaned_up_after(
    root: Path, populated: FakePods
) -> None:
    runtime = HalfRuntime()
    for uid in UIDS:
        await strand(runtime, uid)
    before = await runtime.list()
    runtime.whole = False
    async with kubelet_of(populated, runtime, root):
        await runtime.looked(3)
        assert {path.name for path in (root / "pods").iterdir()} == set(UIDS)
        runtime.whole = True
    assert runtime.started == [f"{uid}/main/0" for uid in UIDS]
    assert await runtime.list() == before
