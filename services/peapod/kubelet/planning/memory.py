"""What decisions about a pod hang on besides the pod and its containers: the time, and what went wrong lately."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Now:
    """One moment: `wall` to compare with the runtime's times, `monotonic` to measure what passes here."""

    wall: datetime
    monotonic: float

    @classmethod
    def read(cls) -> Now:
        """Read the machine's clocks."""
        return cls(datetime.now(UTC), time.monotonic())


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be done, and when it is tried again (monotonic)."""

    reason: str
    """One CamelCase word for a waiting state."""
    message: str
    retry_at: float
    count: int = 1


@dataclass(frozen=True, slots=True)
class Memory:
    """What a worker knows besides what can be observed; a new kubelet starts without."""

    failures: Mapping[str, Failure] = field(default_factory=dict)
    """By container, or `actions.POD`."""
    ended: Mapping[str, float] = field(default_factory=dict)
    """When a container was first seen ended (monotonic), by id."""
    unwell: Mapping[str, str] = field(default_factory=dict)
    """Why a running container must be ended, by id: a failed liveness probe or postStart hook."""
    ready: Mapping[str, bool] = field(default_factory=dict)
    """Whether a running container has passed its readiness probe and postStart hook, by id; absent is not known yet."""
    released: bool = False
    """Whether the volumes of a pod that is over, for which others may wait, are given up."""
