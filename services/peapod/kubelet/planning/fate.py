"""What becomes of each container of a pod next. The plan and the status both read it here."""

from __future__ import annotations

from dataclasses import dataclass

from peapod.kubelet.naming import NETWORK
from peapod.kubelet.planning.actions import POD
from peapod.kubelet.planning.instances import Instances
from peapod.kubelet.planning.memory import Memory, Now
from peapod.kubelet.planning.restart import Done, Due, elapsed, is_done, verdict
from peapod.kubelet.runtime.runtime import Observed, Phase
from peapod.v1 import pod_pb2

KILLED = 137
"""The exit code of what SIGKILL ended."""


@dataclass(frozen=True, slots=True)
class Runs:
    """It runs and is left alone."""


@dataclass(frozen=True, slots=True)
class Starts:
    """It is to be started now, as this attempt."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Waits:
    """It is to be started in so many seconds."""

    seconds: float


Fate = Runs | Starts | Waits | Done


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the fate of a pod's containers hangs on."""

    pod: pod_pb2.Pod
    spec_hash: str
    needs_network: bool
    instances: Instances
    memory: Memory
    now: Now

    def container(self, name: str) -> Fate:
        """Tell what becomes of a user's container, given that the network container runs or is started first."""
        return self._held_back(name, self._container(name))

    def network(self) -> Fate:
        """Tell what becomes of the network container."""
        return self._held_back(POD, self._network())

    def _container(self, name: str) -> Fate:
        newest = self.instances.newest(name)
        if newest is None:
            return self._without_instance(name)
        if newest.phase is Phase.RUNNING:
            return Runs()
        again = newest.name.attempt + 1
        if newest.name.spec_hash != self.spec_hash:
            return Starts(again)
        if newest.phase is Phase.CREATED:
            return Starts(newest.name.attempt if self._joins_present_network(newest) else again)
        if self.instances.outlived_network(newest) and self.pod.spec.restart_policy != pod_pb2.RESTART_POLICY_NEVER:
            return Starts(again)
        return self._after_end(self.pod.spec.restart_policy, newest)

    def _network(self) -> Fate:
        newest = self.instances.newest(NETWORK)
        if newest is None:
            return Starts(0)
        if newest.phase is Phase.RUNNING:
            return Runs()
        if newest.name.spec_hash != self.spec_hash:
            return Starts(newest.name.attempt + 1)
        if newest.phase is Phase.CREATED:
            return Starts(newest.name.attempt)
        return self._after_end(pod_pb2.RESTART_POLICY_ALWAYS, newest)

    def _after_end(self, policy: pod_pb2.RestartPolicy, ended: Observed) -> Fate:
        judged = verdict(policy, ended, self._before(ended), elapsed(ended, self.memory, self.now))
        if isinstance(judged, Due):
            return Waits(judged.seconds) if judged.seconds > 0 else Starts(ended.name.attempt + 1)
        return judged

    def _before(self, one: Observed) -> Observed | None:
        """The predecessor, unless it was ended from outside: by a new spec, or with its network."""
        before = self.instances.remains(one.name.container)
        if before is None or before.name.spec_hash != self.spec_hash or self.instances.outlived_network(before):
            return None
        return before

    def _joins_present_network(self, created: Observed) -> bool:
        if not self.needs_network:
            return True
        network = self.instances.network()
        return network is not None and created.created_at >= network.created_at

    def _without_instance(self, name: str) -> Fate:
        """Go on from what was told last when somebody else has removed every instance."""
        told = next((one for one in self.pod.status.container_statuses if one.name == name and one.container_id), None)
        if told is None:
            return Starts(0)
        is_same = any(one.name == name and one.image == told.image for one in self.pod.spec.containers)
        if is_same and has_run(told) and is_done(self.pod.spec.restart_policy, last_code(told)):
            return Done()
        return Starts(told.restart_count + 1)

    def _held_back(self, part: str, fate: Fate) -> Fate:
        if not isinstance(fate, Starts):
            return fate
        failures = [self.memory.failures[key] for key in {part, POD} if key in self.memory.failures]
        wait = max((failure.retry_at - self.now.monotonic for failure in failures), default=0.0)
        return Waits(wait) if wait > 0 else fate


def has_run(told: pod_pb2.ContainerStatus) -> bool:
    """Tell whether a container has begun to run at least once, by what was told of it."""
    return not told.state.HasField("waiting") or told.last_state.HasField("terminated")


def last_code(told: pod_pb2.ContainerStatus) -> int:
    """The exit code of a container that is gone; one that was said to run was killed, for all that is known."""
    return told.state.terminated.exit_code if told.state.HasField("terminated") else KILLED
