"""The scheduler's RPCs: what the apiserver asks of it."""

from __future__ import annotations

from typing import Any

from peapod.scheduler.scheduler import Scheduler
from peapod.v1 import scheduler_service_pb2 as pb
from peapod.v1.scheduler_service_rpc import SchedulerServiceServicer


class Placements(SchedulerServiceServicer):
    """Explains from what the scheduler knows."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    async def explain_placement(self, request: pb.ExplainPlacementRequest, context: Any) -> pb.ExplainPlacementResponse:
        """Judge every node for a pod."""
        return pb.ExplainPlacementResponse(placement=self._scheduler.explain(request.pod))
