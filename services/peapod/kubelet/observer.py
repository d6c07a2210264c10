"""What the runtime has, looked at once for all: every pod's worker asks here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable

from peapod.common import process
from peapod.common.backoff import Backoff
from peapod.common.errors import Unavailable
from peapod.kubelet.runtime.runtime import Observed, Runtime, RuntimeUnavailable

logger = logging.getLogger(__name__)


SINGLE_MOST = 4
"""Pods that are looked at one by one; for more at a time, one list of all is the cheaper way."""


class Observer:
    """Keeps the runtime's containers as they were last listed, and lists those of a pod again on every hint of a
    change, or all when it may be any.

    Hints and askers that come while a list is on its way share the next one. While the runtime cannot be reached,
    what is kept is stale, and `available` is False.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.available = False
        """Whether the last list came; False until the first."""
        self.problem = "the container runtime was not asked yet"
        """Why not, in one sentence."""
        self._runtime = runtime
        self._by_uid: dict[str, tuple[Observed, ...]] = {}
        self._asked = asyncio.Event()
        self._doubtful: set[str] = set()
        self._askers: list[asyncio.Future[None]] = []
        self._on_change: list[Callable[[Collection[str]], None]] = []
        self._on_availability: list[Callable[[], None]] = []

    def containers(self, uid: str) -> tuple[Observed, ...]:
        """A pod's containers in the last list."""
        return self._by_uid.get(uid, ())

    def uids(self) -> set[str]:
        """The pods that have containers."""
        return set(self._by_uid)

    def on_change(self, callback: Callable[[Collection[str]], None]) -> None:
        """Call back with the uids of pods whose containers have changed."""
        self._on_change.append(callback)

    def on_availability(self, callback: Callable[[], None]) -> None:
        """Call back when `available` has changed."""
        self._on_availability.append(callback)

    async def refresh(self, uid: str = "") -> None:
        """Return when a list that began after this call is there, of the pod or of all. Raises `RuntimeUnavailable`."""
        asker = asyncio.get_running_loop().create_future()
        self._askers.append(asker)
        self._ask(uid)
        await asker

    def doubt(self, problem: str) -> None:
        """Take the runtime for unreachable until it has listed again."""
        self._lose(problem)
        self._ask()

    async def run(self) -> None:
        """Look and follow until cancelled."""
        follower = process.spawn(self._follow, "runtime changes")
        backoff = Backoff(0.1, 5, reset_after=10)
        self._ask()
        try:
            while True:
                await self._asked.wait()
                self._asked.clear()
                if not await self._look():
                    await asyncio.sleep(backoff.next())
                    self._ask()
        finally:
            await process.end(follower)

    async def _follow(self) -> None:
        try:
            async for uid in self._runtime.changes():
                self._ask(uid)
        except RuntimeUnavailable as error:
            raise Unavailable(str(error)) from error

    def _ask(self, uid: str = "") -> None:
        """Have a pod looked at, or all with ""."""
        self._doubtful.add(uid)
        self._asked.set()

    async def _look(self) -> bool:
        askers, self._askers = self._askers, []
        uids, self._doubtful = self._doubtful, set()
        try:
            if not self.available:
                await self._runtime.open()
            if not self.available or "" in uids or len(uids) > SINGLE_MOST:
                self._keep(self._by_uid.keys(), await self._runtime.list())
            else:
                for uid in uids:
                    self._keep({uid}, await self._runtime.list(uid))
        except Exception as error:
            self._answer(askers, error)
            if not isinstance(error, RuntimeUnavailable) and str(error) != self.problem:
                logger.exception("looking at the containers failed")
            self._lose(str(error))
            return False
        self._answer(askers, None)
        self._recover()
        return True

    def _answer(self, askers: Iterable[asyncio.Future[None]], error: Exception | None) -> None:
        for asker in askers:
            if asker.done():
                continue
            if error is None:
                asker.set_result(None)
            else:
                asker.set_exception(RuntimeUnavailable(str(error)))

    def _keep(self, looked_at: Iterable[str], listed: Iterable[Observed]) -> None:
        """Take over a list of some pods' containers, and of any other's that are in it."""
        fresh: dict[str, tuple[Observed, ...]] = dict.fromkeys(looked_at, ())
        for one in listed:
            fresh[one.name.uid] = (*fresh.get(one.name.uid, ()), one)
        changed = {uid for uid, containers in fresh.items() if containers != self._by_uid.get(uid, ())}
        kept = {uid: containers for uid, containers in fresh.items() if containers}
        self._by_uid = {uid: containers for uid, containers in self._by_uid.items() if uid not in fresh} | kept
        for callback in self._on_change if changed else ():
            callback(changed)

    def _lose(self, problem: str) -> None:
        if self.available or problem != self.problem:
            logger.warning("the container runtime cannot be reached (%s): everything stays as it is", problem)
        self.problem = problem
        if self.available:
            self._set_available(False)

    def _recover(self) -> None:
        if not self.available:
            logger.info("the container runtime is there, with containers of %d pods", len(self._by_uid))
            self._set_available(True)

    def _set_available(self, available: bool) -> None:
        self.available = available
        for callback in self._on_availability:
            callback()
