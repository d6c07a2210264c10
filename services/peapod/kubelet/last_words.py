"""Reads what containers left as their termination message, once each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from peapod.kubelet.instance_files import InstanceFiles
from peapod.kubelet.runtime.runtime import Observed, Phase


class LastWords:
    """The termination messages of one pod's containers that have ended."""

    def __init__(self, files: InstanceFiles) -> None:
        self._files = files
        self._known: dict[str, str] = {}

    async def heard(self, observed: Iterable[Observed]) -> tuple[Observed, ...]:
        """Put each message in the place of what the runtime says of the end; what is gone is forgotten."""
        observed = tuple(observed)
        ended = {one.id: one for one in observed if one.phase is Phase.EXITED}
        fresh = [one for one in ended.values() if one.id not in self._known]
        read = await asyncio.to_thread(self._read, fresh) if fresh else {}
        self._known = {id: words for id, words in (self._known | read).items() if id in ended}
        return tuple(replace(one, message=self._known[one.id]) if self._known.get(one.id) else one for one in observed)

    def _read(self, ended: Iterable[Observed]) -> dict[str, str]:
        return {one.id: self._files.message(one.name) for one in ended}
