"""Images that are present: named, weighed, removed when nobody uses them."""

from __future__ import annotations

from peapod.kubelet.runtime.runtime import Runtime
from tests.support.runtimes import TestPod, find


async def test_the_image_of_a_container_is_among_those_present(runtime: Runtime, pod: TestPod) -> None:
    seen = await find(runtime, await pod.start("sleep 1000"))
    assert seen is not None
    present = [image for image in await runtime.images() if pod.image in image.names]
    assert [image.id for image in present] == [seen.image_id]
    assert present[0].size >= 0


async def test_each_image_is_listed_once(runtime: Runtime) -> None:
    ids = [image.id for image in await runtime.images()]
    assert len(ids) == len(set(ids))


async def test_an_image_that_is_absent_is_removed_already(runtime: Runtime) -> None:
    await runtime.remove_image("sha256:" + "0" * 64)


async def test_the_disk_of_the_images_is_not_more_than_full(runtime: Runtime) -> None:
    disk = await runtime.image_disk()
    assert disk is None or 0 <= disk.used <= disk.total
