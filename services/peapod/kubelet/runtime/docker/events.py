"""Hints from the engine's event stream: whose containers may have changed."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress

import requests
from docker import APIClient
from docker.errors import APIError

from peapod.common.backoff import Backoff
from peapod.kubelet.naming import NODE_LABEL, ContainerName
from peapod.kubelet.runtime.docker.client import Engine, get_stream
from peapod.kubelet.runtime.docker.errors import unavailable
from peapod.kubelet.runtime.runtime import RuntimeUnavailable

logger = logging.getLogger(__name__)

SILENCE = 300.0
"""Seconds without an event after which the stream is opened anew, for streams have stalled without an error."""

_EVENTS = ["start", "oom", "die", "destroy"]
_OVERLAP_NS = 1_000_000_000


class Events:
    """The events of one node's containers, from an engine that comes and goes. `on_change` is told of each, with the
    container's id and the engine's word for what happened.
    """

    def __init__(self, engine: Engine, node: str, on_change: Callable[[str, str], None]) -> None:
        self._engine = engine
        self._node = node
        self._on_change = on_change
        self._since = time.time_ns() - _OVERLAP_NS
        self._lost = False

    async def hints(self) -> AsyncGenerator[str, None]:
        """Stream pods' uids, and "" at every interruption and new beginning; `RuntimeUnavailable` is the end."""
        backoff = Backoff(0.1, 5, reset_after=10)
        while True:
            begun, rest = False, b""
            try:
                async with self._engine.stream("events", self._ask) as stream:
                    while (received := await stream.read()) is not None:
                        if not begun:
                            begun = True
                            self._say_found()
                            yield ""
                        *lines, rest = (rest + received).split(b"\n")
                        for uid in self._uids(lines):
                            yield uid
            except (RuntimeUnavailable, APIError) as error:
                if self._engine.closed:
                    raise unavailable(error) from error
                if not begun:
                    self._say_lost(error)
            if begun:
                # Nothing else may tell that an engine without a change is gone.
                yield ""
            await asyncio.sleep(backoff.next())

    def _ask(self, client: APIClient) -> requests.Response:
        # Without `since`, what happens between the response's head and the engine's subscription is lost.
        query = {
            "since": f"{self._since // 10**9}.{self._since % 10**9:09}",
            "filters": json.dumps({"type": ["container"], "label": [f"{NODE_LABEL}={self._node}"], "event": _EVENTS}),
        }
        return get_stream(client, "/events", query, silence=SILENCE)

    def _uids(self, lines: Iterable[bytes]) -> list[str]:
        """Read events, and tell each uid once."""
        uids: dict[str, None] = {}
        for event in map(json.loads, lines):
            self._since = event["timeNano"] + 1
            self._on_change(event["Actor"]["ID"], event["Action"])
            with suppress(ValueError):
                uids[ContainerName.from_labels(event["Actor"]["Attributes"]).uid] = None
        return list(uids)

    def _say_lost(self, error: Exception) -> None:
        if not self._lost:
            logger.warning("the events of Docker are lost until it is back: %s", unavailable(error))
        self._lost = True

    def _say_found(self) -> None:
        if self._lost:
            logger.info("the events of Docker are back")
        self._lost = False
