"""Removes unused images when the disk that holds them is nearly full."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence

from peapod.kubelet.garbage import rounds
from peapod.kubelet.garbage.image_use import ImageUse
from peapod.kubelet.garbage.images import expendable, is_fuller, percent
from peapod.kubelet.observer import Observer
from peapod.kubelet.planning.goal import Goal, Intent
from peapod.kubelet.runtime.runtime import Image, ImageError, Runtime

logger = logging.getLogger(__name__)


class ImageCollector:
    """Looks every `seconds`. From more than `high` percent on, images go until the disk is no fuller than `low`.

    The first round only looks, so that an image is never removed that was not seen idle before. `tell` is called
    with a reason and a sentence when too little could be removed.
    """

    def __init__(
        self,
        runtime: Runtime,
        observer: Observer,
        goals: Callable[[], Iterable[Goal]],
        use: ImageUse,
        tell: Callable[[str, str], None],
        *,
        seconds: float,
        high: float,
        low: float,
    ) -> None:
        self._runtime = runtime
        self._observer = observer
        self._goals = goals
        self._use = use
        self._tell = tell
        self._seconds = seconds
        self._high = high
        self._low = low

    async def run(self) -> None:
        """Collect again and again until cancelled."""
        await rounds.every(self._seconds, self.collect, self._observer)

    async def collect(self) -> None:
        """Do it once. Raises `RuntimeUnavailable`."""
        disk = await self._runtime.image_disk()
        if disk is None:
            return
        images = await self._runtime.images()
        needed = self._needed()
        idle = expendable(images, needed, self._use.used)
        self._use.look([one.id for one in images], needed)
        if is_fuller(disk, self._high):
            await self._free(idle)

    def _needed(self) -> set[str]:
        wanted = [goal.uid for goal in self._goals() if goal.intent is Intent.RUN]
        there = [one for uid in self._observer.uids() for one in self._observer.containers(uid)]
        return self._use.held(wanted) | {one.image_id for one in there}

    async def _free(self, idle: Sequence[Image]) -> None:
        for image in idle:
            await self._remove(image)
            if (disk := await self._runtime.image_disk()) is None or not is_fuller(disk, self._low):
                return
        if disk := await self._runtime.image_disk():
            self._give_up(f"the disk of the images is {percent(disk)} % full, and no unused image is left")

    async def _remove(self, image: Image) -> None:
        """Remove an image unless somebody uses it; containers that are not of this node count as well."""
        try:
            if await self._use.remove(image.id, self._runtime.remove_image):
                logger.info("removed the image %s: the disk is fuller than %g %%", _title(image), self._high)
        except ImageError as error:
            logger.info("the image %s stays: %s", _title(image), error)

    def _give_up(self, message: str) -> None:
        logger.warning("%s", message)
        self._tell("freeDiskSpaceFailed", message)


def _title(image: Image) -> str:
    return next(iter(image.names), image.id)
