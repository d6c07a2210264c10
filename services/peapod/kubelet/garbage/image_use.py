"""Who needs which image, and when it was needed last."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping


class ImageUse:
    """Kept in memory: what a new kubelet does not know of was used when it first saw it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._used: dict[str, float] = {}
        self._held: dict[str, dict[str, str]] = {}
        self._ensuring: list[set[str]] = []
        self._removing = asyncio.Lock()

    @property
    def used(self) -> Mapping[str, float]:
        """When each image was last used, or first seen, by the clock; by id."""
        return self._used

    async def secure(self, uid: str, container: str, ensure: Callable[[], Awaitable[str]]) -> str:
        """Have `ensure` make an image present for a container of the pod, return the image's id, and hold it until
        `held` is asked without the pod. An image that is removed at the same moment is made present again.
        """
        while True:
            removed: set[str] = set()
            self._ensuring.append(removed)
            try:
                id = await ensure()
            finally:
                self._ensuring.remove(removed)
            self._held.setdefault(uid, {})[container] = id
            if id not in removed:
                self._used[id] = self._clock()
                return id
            async with self._removing:
                pass

    def held(self, uids: Collection[str]) -> set[str]:
        """The ids of the images that these pods' containers need. Those of all other pods are let go of."""
        self._held = {uid: images for uid, images in self._held.items() if uid in uids}
        return {id for images in self._held.values() for id in images.values()}

    def look(self, present: Iterable[str], in_use: Collection[str]) -> None:
        """Note that the images in use are used now, as are those that were not present before; forget the absent."""
        now = self._clock()
        self._used = {id: now if id in in_use else self._used.get(id, now) for id in present}

    async def remove(self, id: str, remove: Callable[[str], Awaitable[None]]) -> bool:
        """Have an image removed, unless a pod has come to hold it; tell whether it was. Raises what `remove` does."""
        if any(id in images.values() for images in self._held.values()):
            return False
        for removed in self._ensuring:
            removed.add(id)
        async with self._removing:
            await remove(id)
        self._used.pop(id, None)
        return True
