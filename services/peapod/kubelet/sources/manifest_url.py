"""Static pods from a URL."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from peapod.kubelet.sources.fetch import FetchError, fetch
from peapod.kubelet.sources.static_pods import StaticPods
from peapod.kubelet.sources.static_source import StaticSource


class ManifestUrl(StaticSource):
    """Fetches the manifests every `seconds`. An answer without a word is no pods; no answer changes nothing."""

    def __init__(self, url: str, pods: StaticPods, seconds: float) -> None:
        super().__init__("http", pods)
        self._url = url
        self._seconds = seconds
        self._unless: Mapping[str, str] = {}

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await self._fetch()
            await asyncio.sleep(self._seconds)

    async def _fetch(self) -> None:
        try:
            fetched = await fetch(self._url, self._unless)
        except FetchError as error:
            self._pods.keep(self._url, str(error))
            self._settle(was_read=False)
            return
        if fetched is None:
            self._pods.keep_on(self._url)
        elif self._pods.take(self._url, fetched.text):
            self._unless = fetched.unless
        self._settle(was_read=True)
