"""Carries a plan out: calls the runtime and the volumes, tells what happened, and notes what failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from peapod.common import process
from peapod.common.events import Record
from peapod.kubelet.garbage.image_use import ImageUse
from peapod.kubelet.health.handlers import Handlers
from peapod.kubelet.instance_files import InstanceFiles
from peapod.kubelet.naming import NETWORK, ContainerName
from peapod.kubelet.node.network import Network
from peapod.kubelet.notes import Notes
from peapod.kubelet.planning.actions import (
    POD,
    Action,
    CleanUp,
    EnsureImage,
    Release,
    Remove,
    SetUpVolumes,
    StartContainer,
    StartNetwork,
    Stop,
)
from peapod.kubelet.planning.goal import Goal
from peapod.kubelet.planning.instances import Instances
from peapod.kubelet.planning.memory import Now
from peapod.kubelet.planning.plan import Plan
from peapod.kubelet.pulling import ensure_image
from peapod.kubelet.runtime.runtime import ContainerGone, ImageError, Launch, LaunchError, Mount, Runtime
from peapod.kubelet.services import Services, with_variables
from peapod.kubelet.stopping import Stopper
from peapod.kubelet.volumes.volume import VolumeError
from peapod.kubelet.volumes.volumes import Volumes, mounts
from peapod.rules.pod_defaults import TERMINATION_LOG
from peapod.v1 import meta_pb2, pod_pb2

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass
class Round:
    """One carrying-out of a plan, and what its steps hand on to later ones."""

    goal: Goal
    pod: pod_pb2.Pod
    notes: Notes
    abandoned: asyncio.Event
    """Set when the goal is replaced; then nothing long is waited for."""
    network: str
    """The id of the network container, once it runs."""
    address: str
    """Where the pod's running containers are reached; empty is the node."""
    places: Mapping[str, Path] = field(default_factory=dict)
    """Where the volumes are, by name."""
    failed: set[str] = field(default_factory=set)


class Hands:
    """Acts for all workers of a node."""

    def __init__(
        self,
        runtime: Runtime,
        volumes: Volumes,
        network: Network,
        record: Record,
        image_use: ImageUse,
        handlers: Handlers,
        files: InstanceFiles,
        services: Services,
    ) -> None:
        self._runtime = runtime
        self._volumes = volumes
        self._network = network
        self._record = record
        self._image_use = image_use
        self._files = files
        self._services = services
        self._stopper = Stopper(runtime, handlers, self.tell)

    async def carry_out(
        self, plan: Plan, goal: Goal, instances: Instances, notes: Notes, abandoned: asyncio.Event
    ) -> None:
        """Do the steps in order, the actions of each side by side. What could not be started is noted, and what
        depends on it is left out. Raises `RuntimeUnavailable`, and what tearing down raises; then the rest of the
        plan is not done.
        """
        network = instances.network()
        pod = goal.pod or pod_pb2.Pod()
        address = instances.address(needs_network=goal.needs_network)
        this = Round(goal, pod, notes, abandoned, network.id if network else "", address)
        for step in plan.steps:
            results = await asyncio.gather(*(self._do(action, this) for action in step), return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result

    def tell(self, pod: pod_pb2.Pod, container: str, reason: str, message: str) -> None:
        """Record an event of a container, or of the pod as a whole where `container` is POD."""
        self._record(_reference(pod, container), reason, message)

    async def _do(self, action: Action, this: Round) -> None:
        match action:
            case Stop():
                await self._stop(action, this)
            case Remove(one):
                await asyncio.to_thread(self._files.forget, one.name)
                await self._runtime.remove(one.id)
            case Release():
                await self._volumes.release(this.goal.uid)
                this.notes.released = True
            case CleanUp():
                await self._volumes.tear_down(this.goal.uid)
            case _:
                await self._start(action, this)

    async def _stop(self, action: Stop, this: Round) -> None:
        one = action.one
        self.tell(_pod_of(one.name, this), one.name.container, "killing", f"Killing {one.id[:12]}: {action.why}")
        await self._stopper.stop(this.pod, one, action.grace_seconds, this.address)

    async def _start(self, action: SetUpVolumes | EnsureImage | StartNetwork | StartContainer, this: Round) -> None:
        """Do what brings the pod up, unless what it needs has failed in this round."""
        if this.failed & {action.part, POD} or this.abandoned.is_set():
            return
        try:
            match action:
                case SetUpVolumes():
                    await self._set_up_volumes(this)
                case EnsureImage(part):
                    await self._ensure_image(part, this)
                case StartNetwork(attempt, spec_hash):
                    await self._start_network(attempt, spec_hash, this)
                case StartContainer(part, attempt, spec_hash):
                    await self._start_container(part, attempt, spec_hash, this)
        except VolumeError as error:
            self._failed(this, action.part, "FailedMount", "failedMount", str(error))
        except ImageError as error:
            self._failed(this, action.part, error.reason, "failed", str(error), later=_later(error.reason))
        except (LaunchError, ContainerGone) as error:
            self._failed(this, action.part, "RunContainerError", "failed", str(error))

    def _failed(self, this: Round, part: str, reason: str, event: str, message: str, *, later: str = "") -> None:
        this.failed.add(part)
        failure = this.notes.failed(part, reason, message, Now.read(), later=later)
        self.tell(this.pod, part, event, message)
        logger.warning(
            "%s/%s (%s): %s of %s failed (%d so far): %s",
            this.pod.metadata.namespace,
            this.pod.metadata.name,
            this.goal.uid,
            reason,
            part or "the pod",
            failure.count,
            message,
        )

    async def _set_up_volumes(self, this: Round) -> None:
        this.notes.released = False
        places = await _unless_abandoned(self._volumes.set_up(this.pod), this)
        this.places = places or {}

    async def _ensure_image(self, part: str, this: Round) -> None:
        container = _container(this.pod, part)
        image, policy = container.image, container.image_pull_policy
        ensure = partial(ensure_image, self._runtime, image, policy, partial(self.tell, this.pod, part))
        await _unless_abandoned(self._image_use.secure(this.goal.uid, part, ensure), this)

    async def _start_network(self, attempt: int, spec_hash: str, this: Round) -> None:
        launch = Launch(_name(NETWORK, attempt, spec_hash, this), this.pod, None, "")
        this.network = await self._launch(launch, NETWORK, this)

    async def _start_container(self, part: str, attempt: int, spec_hash: str, this: Round) -> None:
        container = _container(this.pod, part)
        name = _name(part, attempt, spec_hash, this)
        seen = [*mounts(container, this.places), *await self._last_words(name, container, this)]
        variables = await self._services.variables(this.pod.metadata.namespace, this.goal.source)
        told = with_variables(container, variables)
        launch = Launch(name, this.pod, told, container.image, this.network, seen)
        await self._launch(launch, part, this)
        this.notes.started(part)

    async def _last_words(self, name: ContainerName, container: pod_pb2.Container, this: Round) -> list[Mount]:
        """Give a container the file for its termination message; where none can be made, it runs without."""
        target = container.termination_message_path or TERMINATION_LOG
        if any(mount.mount_path == target for mount in container.volume_mounts):
            return []
        try:
            place = await asyncio.to_thread(self._files.prepare, name)
        except OSError as error:
            problem = f"a termination message cannot be kept: {error.strerror}"
            self.tell(this.pod, container.name, "failedTerminationLog", problem)
            logger.warning("%s: %s", name, problem)
            return []
        return [Mount(str(place), target)]

    async def _launch(self, launch: Launch, part: str, this: Round) -> str:
        id = await self._runtime.start(replace(launch, dns=self._network.dns(this.pod)))
        self.tell(this.pod, part, "created", f"Created {id[:12]}, attempt {launch.name.attempt}")
        self.tell(this.pod, part, "started", f"Started {id[:12]}")
        return id


async def _unless_abandoned(work: Coroutine[Any, Any, T], this: Round) -> T | None:
    """Do what may take long; it is cut short, and None comes of it, when the goal is replaced meanwhile."""
    working = asyncio.create_task(work)
    abandoned = asyncio.create_task(this.abandoned.wait())
    try:
        await asyncio.wait({working, abandoned}, return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        await process.end(working, abandoned)


def _later(reason: str) -> str:
    return "ImagePullBackOff" if reason == "ErrImagePull" else reason


def _container(pod: pod_pb2.Pod, name: str) -> pod_pb2.Container:
    return next(container for container in pod.spec.containers if container.name == name)


def _name(container: str, attempt: int, spec_hash: str, this: Round) -> ContainerName:
    metadata = this.pod.metadata
    return ContainerName(
        container, spec_hash, metadata.name, metadata.namespace, this.goal.source, metadata.uid, attempt
    )


def _pod_of(name: ContainerName, this: Round) -> pod_pb2.Pod:
    """The pod; of an orphan, as much as its container's name tells."""
    if this.goal.pod is not None:
        return this.goal.pod
    return pod_pb2.Pod(metadata=meta_pb2.ObjectMeta(name=name.pod, namespace=name.namespace, uid=name.uid))


def _reference(pod: pod_pb2.Pod, container: str) -> meta_pb2.ObjectReference:
    """Point at the pod in the same words whenever something happens to it, so that repeats are counted."""
    metadata = pod.metadata
    reference = meta_pb2.ObjectReference(kind="Pod", namespace=metadata.namespace, name=metadata.name, uid=metadata.uid)
    if container == NETWORK:
        reference.field_path = "implicitly required container net"
    elif container != POD:
        reference.field_path = f"spec.containers{{{container}}}"
    return reference
