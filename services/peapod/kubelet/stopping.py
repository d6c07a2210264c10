"""Ends a container as its pod asks for: the preStop hook, SIGTERM, and SIGKILL when the grace is over."""

from __future__ import annotations

import logging
import time

from peapod.kubelet.health.care import Tell
from peapod.kubelet.health.handlers import Failed, Handlers
from peapod.kubelet.runtime.runtime import ContainerGone, Observed, Runtime, RuntimeUnavailable
from peapod.v1 import pod_pb2

logger = logging.getLogger(__name__)


class Stopper:
    """Stops the containers of one node."""

    def __init__(self, runtime: Runtime, handlers: Handlers, tell: Tell) -> None:
        self._runtime = runtime
        self._handlers = handlers
        self._tell = tell

    async def stop(self, pod: pod_pb2.Pod, one: Observed, grace_seconds: float, address: str) -> None:
        """Return when the container is out. Its hook takes its time off the grace, and is given up with it.

        `address` is where the pod is reached. A pod that is no longer known has no hooks. Raises `RuntimeUnavailable`;
        then all begins anew.
        """
        container = next((own for own in pod.spec.containers if own.name == one.name.container), None)
        left = grace_seconds
        if container is not None and container.lifecycle.HasField("pre_stop") and grace_seconds > 0:
            began = time.monotonic()
            await self._pre_stop(pod, container, one, grace_seconds, address)
            left = max(0.0, grace_seconds - (time.monotonic() - began))
        await self._runtime.stop(one.id, left)

    async def _pre_stop(
        self, pod: pod_pb2.Pod, container: pod_pb2.Container, one: Observed, seconds: float, address: str
    ) -> None:
        """Carry the hook out; whatever comes of it, the container is stopped."""
        failed: Failed | None
        try:
            target = self._handlers.target(one.id, container, address)
            failed = await self._handlers.act(container.lifecycle.pre_stop, target, seconds)
        except RuntimeUnavailable:
            raise
        except ContainerGone:
            return
        except Exception as error:
            logger.exception("the preStop hook of %s could not be carried out", one.name)
            failed = Failed(str(error))
        if failed is not None:
            self._tell(pod, container.name, "failedPreStop", f"preStop hook failed: {failed}")
