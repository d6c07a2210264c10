"""What is done for one running instance of a container: its postStart hook once, and its probes from then on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from peapod.common import process
from peapod.common.errors import Unavailable
from peapod.kubelet.health.handlers import Failed, Handlers, Target
from peapod.kubelet.health.prober import Prober, Turns, Verdict, due
from peapod.kubelet.instance_files import InstanceFiles
from peapod.kubelet.naming import ContainerName
from peapod.kubelet.runtime.runtime import RuntimeUnavailable
from peapod.v1 import pod_pb2

Tell = Callable[[pod_pb2.Pod, str, str, str], None]
"""Records an event: of which pod and which of its containers, the reason, the message."""


@dataclass(frozen=True, slots=True)
class Clinic:
    """What the care of all containers of a node hangs on."""

    handlers: Handlers
    turns: Turns
    files: InstanceFiles
    tell: Tell


def wanted_by(container: pod_pb2.Container) -> bool:
    """Tell whether there is anything to do for a container that runs."""
    probed = container.HasField("liveness_probe") or container.HasField("readiness_probe")
    return probed or container.lifecycle.HasField("post_start")


class Care:
    """The care of one instance. `take` it in a task; `wake` is called when `unwell` or `ready` has changed."""

    def __init__(
        self,
        pod: pod_pb2.Pod,
        container: pod_pb2.Container,
        name: ContainerName,
        target: Target,
        clinic: Clinic,
        wake: Callable[[], None],
    ) -> None:
        self.unwell = ""
        """Why it must not run on."""
        self.ready: bool | None = None
        """Whether it can do its work, once that is known."""
        self._pod = pod
        self._container = container
        self._name = name
        self._target = target
        self._clinic = clinic
        self._wake = wake
        self._failures: dict[str, Failed] = {}
        self._condemned = asyncio.Event()

    async def take(self, ran: float) -> None:
        """Look after the instance, which has run for so many seconds, until it is unwell or gone, or cancelled.

        Raises `ContainerGone` when that is seen here first.
        """
        probers = dict(self._probers(ran))
        if self._container.lifecycle.HasField("post_start"):
            await process.insist(f"the postStart hook of {self._name}", self._greet)
            if not self._container.HasField("readiness_probe"):
                self._set_ready(True)
        probing = [process.spawn(prober.run, name) for name, prober in probers.items() if not self.unwell]
        try:
            await self._condemned.wait()
        finally:
            await process.end(*probing)

    def _probers(self, ran: float) -> Iterator[tuple[str, Prober]]:
        container = self._container
        for field, judge in (("liveness_probe", self._judge_life), ("readiness_probe", self._judge_readiness)):
            if container.HasField(field):
                probe: pod_pb2.Probe = getattr(container, field)
                prober = Prober(probe, self._target, due(probe, ran), self._clinic.handlers, self._clinic.turns, judge)
                yield f"{field} of {self._name}", prober

    async def _greet(self) -> None:
        """Carry out the hook after the start, unless that was done already; raises what `Handlers.act` does."""
        files = self._clinic.files
        if await asyncio.to_thread(files.post_start_done, self._name):
            return
        try:
            failed = await self._clinic.handlers.act(self._container.lifecycle.post_start, self._target)
        except RuntimeUnavailable as error:
            raise Unavailable(str(error)) from error
        if failed is None:
            await asyncio.to_thread(files.note_post_start, self._name)
            return
        self._tell("failedPostStart", f"postStart hook failed: {failed}")
        self._condemn(f"its postStart hook failed: {failed.why}")

    def _judge_life(self, verdict: Verdict) -> None:
        if self._still_fails("Liveness", verdict):
            self._condemn(f"its liveness probe failed: {self._failures['Liveness'].why}")

    def _judge_readiness(self, verdict: Verdict) -> None:
        self._set_ready(not self._still_fails("Readiness", verdict))

    def _still_fails(self, what: str, verdict: Verdict) -> bool:
        """Take note of a verdict and tell of a failure, in the same words as long as it fails in the same way."""
        if verdict is None:
            self._failures.pop(what, None)
            return False
        known = self._failures.get(what)
        failed = self._failures[what] = known if known is not None and known.why == verdict.why else verdict
        self._tell("unhealthy", f"{what} probe failed: {failed}")
        return True

    def _condemn(self, why: str) -> None:
        if not self.unwell:
            self.unwell, self.ready = why, False
            self._condemned.set()
            self._wake()

    def _set_ready(self, ready: bool) -> None:
        if self.ready is not ready and not self.unwell:
            self.ready = ready
            self._wake()

    def _tell(self, reason: str, message: str) -> None:
        self._clinic.tell(self._pod, self._container.name, reason, message)
