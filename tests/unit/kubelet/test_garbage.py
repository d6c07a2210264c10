"""Which containers and images go; and that an image is never taken from under a pod that is about to use it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.common import process
from peapod.kubelet.garbage.containers import superfluous
from peapod.kubelet.garbage.image_use import ImageUse
from peapod.kubelet.garbage.images import expendable, is_fuller, percent
from peapod.kubelet.runtime.runtime import DiskUse, Image, ImageError, Observed
from tests.support.pods import make_pod, seen

POD = make_pod()


def corpse(number: int) -> Observed:
    return seen(POD, attempt=number, ran=(number, number + 1))


def picked(count: int, *, most: int, young: tuple[int, ...] = (), age: float = 60) -> list[int]:
    """Which of the corpses 0, 1, 2... from the oldest on are removed."""
    dead = [corpse(number) for number in range(count)]
    seconds = {one.id: 10.0 if one.name.attempt in young else 100.0 for one in dead}
    return [one.name.attempt for one in superfluous(reversed(dead), seconds, age=age, most=most)]


def test_the_oldest_containers_go_first() -> None:
    assert picked(5, most=3) == [0, 1]
    assert picked(3, most=3) == []
    assert picked(2, most=0) == [0, 1]


def test_a_container_that_has_just_ended_is_spared_and_none_goes_in_its_place() -> None:
    assert picked(5, most=3, young=(0, 3, 4)) == [1]


@given(st.integers(0, 30), st.integers(0, 30))
def test_as_many_stay_as_may(count: int, most: int) -> None:
    assert len(picked(count, most=most)) == max(0, count - most)


@pytest.mark.parametrize(("used", "bound", "fuller"), [(900, 90, False), (901, 90, True), (0, 0, False), (1, 0, True)])
def test_a_disk_is_full_beyond_the_bound(used: int, bound: int, fuller: bool) -> None:
    assert is_fuller(DiskUse(used, 1000), bound) is fuller


def test_a_disk_of_no_size_is_not_full() -> None:
    assert not is_fuller(DiskUse(0, 0), 90)
    assert percent(DiskUse(0, 0)) == 0
    assert percent(DiskUse(934, 1000)) == 93


def image(id: str, *, pinned: bool = False) -> Image:
    return Image(id, (f"{id}:1",), 100, pinned)


def test_the_least_recently_used_image_goes_first() -> None:
    images = [image("new"), image("old"), image("middle")]
    chosen = expendable(images, (), {"new": 30.0, "old": 10.0, "middle": 20.0})
    assert [one.id for one in chosen] == ["old", "middle", "new"]


def test_images_that_are_needed_or_pinned_or_have_just_appeared_stay() -> None:
    images = [image("needed"), image("network", pinned=True), image("fresh"), image("idle")]
    used = {"needed": 1.0, "network": 1.0, "idle": 1.0}
    assert [one.id for one in expendable(images, {"needed"}, used)] == ["idle"]


class Store:
    """Images that are made present and removed, as slowly as the test says."""

    def __init__(self) -> None:
        self.present = {"a"}
        self.may_remove = asyncio.Event()
        self.may_ensure = asyncio.Event()
        self.may_remove.set()
        self.may_ensure.set()
        self.ensured = 0
        self.asked = asyncio.Event()

    async def ensure(self) -> str:
        self.ensured += 1
        self.present.add("a")
        self.asked.set()
        await self.may_ensure.wait()
        return "a"

    async def remove(self, id: str) -> None:
        await self.may_remove.wait()
        self.present.discard(id)


def test_use_is_noted_by_the_clock() -> None:
    now = 100.0
    use = ImageUse(clock=lambda: now)
    use.look(["a", "b"], {"a"})
    now = 200.0
    use.look(["a", "b", "c"], {"a"})
    assert use.used == {"a": 200.0, "b": 100.0, "c": 200.0}
    use.look(["b"], ())
    assert use.used == {"b": 100.0}


async def test_an_image_that_a_pod_holds_is_not_removed_until_the_pod_is_gone() -> None:
    store, use = Store(), ImageUse()
    assert await use.secure("uid-1", "main", store.ensure) == "a"
    assert use.held(["uid-1"]) == {"a"}
    assert not await use.remove("a", store.remove)
    assert use.held([]) == set()
    assert await use.remove("a", store.remove)
    assert store.present == set()


async def test_an_image_that_goes_while_a_pod_is_making_sure_of_it_is_made_present_again() -> None:
    store, use = Store(), ImageUse()
    store.may_ensure.clear()
    store.may_remove.clear()
    securing = asyncio.create_task(use.secure("uid-1", "main", store.ensure))
    await store.asked.wait()
    removing = asyncio.create_task(use.remove("a", store.remove))
    await asyncio.sleep(0)
    store.may_ensure.set()
    await asyncio.sleep(0)
    store.may_remove.set()
    assert await removing
    assert await securing == "a"
    assert store.present == {"a"}
    assert store.ensured == 2


async def test_a_pull_that_fails_or_is_given_up_holds_nothing() -> None:
    store, use = Store(), ImageUse()

    async def absent() -> str:
        raise ImageError("ErrImagePull", "no such image")

    with pytest.raises(ImageError):
        await use.secure("uid-1", "main", absent)
    store.may_ensure.clear()
    securing = asyncio.create_task(use.secure("uid-1", "main", store.ensure))
    await store.asked.wait()
    await process.end(securing)
    assert use.held(["uid-1"]) == set()
    assert await use.remove("a", store.remove)


async def test_an_image_that_cannot_be_removed_stays_known() -> None:
    use = ImageUse()
    use.look(["a"], ())

    async def refuse(id: str) -> None:
        raise ImageError("ImageInUse", "a container uses it")

    with pytest.raises(ImageError):
        await use.remove("a", refuse)
    assert "a" in use.used
