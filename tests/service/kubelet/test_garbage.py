"""What a kubelet collects: dead containers of pods that are over, and images when their disk is full."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import grpc
import pytest

from peapod.common.errors import NotReady, from_rpc
from peapod.kubelet.runtime.runtime import DiskUse, Image, ImageError, Phase
from peapod.v1 import log_pb2, pod_pb2, pod_service_pb2
from tests.support.apiserver import OwnApi
from tests.support.following import PATIENCE, Following
from tests.support.kubelet import NODE, TroubledRuntime, container, create, running_kubelet, told, until_containers
from tests.support.pods import make_pod

NEVER, ON_FAILURE = pod_pb2.RESTART_POLICY_NEVER, pod_pb2.RESTART_POLICY_ON_FAILURE
RUNNING, SUCCEEDED = pod_pb2.POD_PHASE_RUNNING, pod_pb2.POD_PHASE_SUCCEEDED
AT_ONCE = {"container_gc_seconds": 0.02, "container_gc_age_seconds": 0.05}


async def log(api: OwnApi, name: str) -> bytes:
    request = pod_service_pb2.StreamPodLogsRequest(
        namespace="default", name=name, container="main", options=log_pb2.LogOptions()
    )
    async with api.pods.stream_pod_logs(request) as stream:
        return b"".join([piece.data async for piece in stream])


async def test_the_oldest_dead_containers_of_finished_pods_go_and_what_was_told_stays(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    names = ["first", "second", "third"]
    async with running_kubelet(api, runtime, root, dead_containers=3):
        for name in names:
            await create(api, make_pod(name=name, policy=NEVER, image="hollow/exit:0"))
            await seen.until(lambda name=name: told(seen, name).phase == SUCCEEDED)  # type: ignore[misc]
        assert await log(api, "first") == b"main of first runs hollow/exit:0\n"
    before = told(seen, "first")
    async with running_kubelet(api, runtime, root, dead_containers=1, **AT_ONCE):
        await until_containers(runtime, 1)
        assert [one.name.pod for one in await runtime.list()] == ["third"]
        assert await log(api, "third") == b"main of third runs hollow/exit:0\n"
        with pytest.raises(grpc.RpcError) as caught:
            await log(api, "first")
        problem = from_rpc(caught.value)
        assert isinstance(problem, NotReady)
        assert "was removed with its log" in problem.message
        await runtime.looked()
    assert told(seen, "first") == before
    assert runtime.started == [f"{name}/main/0" for name in names]


async def test_the_corpse_of_a_pod_that_goes_on_is_never_collected(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    """It alone tells that the container has done its work."""
    async with running_kubelet(api, runtime, root, dead_containers=0, **AT_ONCE):
        pod = make_pod("works", "serves", policy=ON_FAILURE)
        pod.spec.containers[0].image = "hollow/exit:0"
        await create(api, pod)
        await seen.until(lambda: container(seen).state.HasField("terminated"))
        await create(api, make_pod(name="over", policy=NEVER, image="hollow/exit:0"))
        await seen.until(lambda: told(seen, "over").phase == SUCCEEDED)
        await until_containers(runtime, 2)
        assert {(one.name.container, one.phase) for one in await runtime.list()} == {
            ("works", Phase.EXITED),
            ("serves", Phase.RUNNING),
        }
    assert runtime.started.count("web/works/0") == 1
    assert "web/works/1" not in runtime.started


class StockedRuntime(TroubledRuntime):
    """Has images on a disk of 1,000 bytes, which pulls fill; some of them are in use by others."""

    def __init__(self) -> None:
        super().__init__()
        self.stock = {"idle": 100, "used": 300, "theirs": 100, "network": 100}
        self.removed: asyncio.Queue[str] = asyncio.Queue()
        self.looks = 0
        self.seen_looking = asyncio.Condition()

    async def ensure_image(self, image: str, policy: pod_pb2.PullPolicy) -> str:
        await super().ensure_image(image, policy)
        return image.removeprefix("hollow/")

    async def images(self) -> Sequence[Image]:
        self._check()
        return [Image(id, (f"hollow/{id}",), size, id == "network") for id, size in self.stock.items()]

    async def remove_image(self, id: str) -> None:
        if id == "theirs":
            raise ImageError("ImageInUse", "a container of somebody else uses it")
        del self.stock[id]
        self.removed.put_nowait(id)

    async def image_disk(self) -> DiskUse:
        async with self.seen_looking:
            self.looks += 1
            self.seen_looking.notify_all()
        return DiskUse(sum(self.stock.values()), 1000)

    async def rounds(self, count: int) -> None:
        """Wait until the disk was looked at so many more times."""
        async with self.seen_looking:
            until = self.looks + count
            await self.seen_looking.wait_for(lambda: self.looks >= until)


@pytest.fixture
async def stocked() -> StockedRuntime:
    return StockedRuntime()


async def test_unused_images_go_when_the_disk_is_full_and_only_then(
    api: OwnApi, seen: Following, stocked: StockedRuntime, root: Path
) -> None:
    async with running_kubelet(api, stocked, root, image_gc_seconds=0.02, image_gc_low_percent=81):
        await create(api, make_pod(image="hollow/used"))
        await seen.until(lambda: told(seen).phase == RUNNING)
        await stocked.rounds(3)
        assert stocked.removed.empty()
        stocked.stock["late"] = 301
        assert await asyncio.wait_for(stocked.removed.get(), PATIENCE) == "idle"
        await stocked.rounds(3)
        assert stocked.removed.empty()
        stocked.stock["later"] = 100
        assert await asyncio.wait_for(stocked.removed.get(), PATIENCE) == "late"
        await stocked.rounds(3)
        assert set(stocked.stock) == {"used", "theirs", "network", "later"}
    assert seen.told("freeDiskSpaceFailed", NODE) == []


async def test_when_nothing_can_be_removed_the_node_says_so(
    api: OwnApi, seen: Following, stocked: StockedRuntime, root: Path
) -> None:
    async with running_kubelet(api, stocked, root, image_gc_seconds=0.02):
        await create(api, make_pod(image="hollow/used"))
        await seen.until(lambda: told(seen).phase == RUNNING)
        stocked.stock = {"used": 500, "theirs": 300, "network": 150}
        await seen.until(lambda: seen.told("freeDiskSpaceFailed", NODE) != [])
        assert "95 % full" in seen.told("freeDiskSpaceFailed", NODE)[0]
    assert set(stocked.stock) == {"used", "theirs", "network"}
