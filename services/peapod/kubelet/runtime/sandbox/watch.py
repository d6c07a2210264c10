"""Waiting for what happens to containers: their end, and news of their pods."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from peapod.kubelet.runtime.sandbox import record
from peapod.kubelet.runtime.sandbox.containers import Container, stands_alone


class Lives:
    """Calls `on_end` once for each watched container, when no process of it is left.

    A container whose supervisor is gone is killed: bubblewrap does that too, but not when it was just starting.
    """

    def __init__(self, on_end: Callable[[Container], None]) -> None:
        self._on_end = on_end
        self._watched: dict[str, _Life] = {}

    def watch(self, container: Container) -> asyncio.Event:
        """Watch a container, whether it lives still or not; return what is set at its end. Idempotent."""
        if container.id not in self._watched:
            alive = os.open(container.path / record.ALIVE, os.O_RDONLY | os.O_NONBLOCK)
            self._watched[container.id] = life = _Life(alive, container.supervisor())
            loop = asyncio.get_running_loop()
            loop.add_reader(alive, self._on_alive, container)
            if life.supervisor is None:
                loop.call_soon(self._on_orphan, container)
            else:
                loop.add_reader(life.supervisor, self._on_orphan, container)
        return self._watched[container.id].ended

    def close(self) -> None:
        """Stop watching; who waits for an end waits no longer."""
        for id in list(self._watched):
            self._drop(id)

    def _on_alive(self, container: Container) -> None:
        if container.id in self._watched and stands_alone(self._watched[container.id].alive):
            self._drop(container.id)
            self._on_end(container)

    def _on_orphan(self, container: Container) -> None:
        # One that ended before it was watched has no end to come.
        self._on_alive(container)
        if life := self._watched.get(container.id):
            life.let_go_of_supervisor()
            container.kill()

    def _drop(self, id: str) -> None:
        life = self._watched.pop(id)
        life.let_go_of_supervisor()
        _unwatch(life.alive)
        life.ended.set()


@dataclass
class _Life:
    alive: int
    """Readable when nobody lives."""
    supervisor: int | None
    """In error, which is readable too, when the supervisor is gone."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def let_go_of_supervisor(self) -> None:
        if self.supervisor is not None:
            _unwatch(self.supervisor)
            self.supervisor = None


def _unwatch(file: int) -> None:
    asyncio.get_running_loop().remove_reader(file)
    os.close(file)


class Hints:
    """Hands each reader the names that were published since it last asked, each once."""

    def __init__(self) -> None:
        self._readers: list[tuple[dict[str, None], asyncio.Event]] = []

    def publish(self, name: str) -> None:
        """Tell every reader."""
        for news, wake in self._readers:
            news[name] = None
            wake.set()

    async def read(self) -> AsyncIterator[str]:
        """Stream the names from now on, an empty one first."""
        reader = news, wake = dict[str, None]({"": None}), asyncio.Event()
        self._readers.append(reader)
        try:
            while True:
                while news:
                    name = next(iter(news))
                    del news[name]
                    yield name
                wake.clear()
                await wake.wait()
        finally:
            self._readers = [other for other in self._readers if other is not reader]
