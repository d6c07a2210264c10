"""How one pod stands with the scheduler."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Stage(Enum):
    """Where a pod is on its way to a node."""

    UNSEEN = "not seen"
    WAITING = "waiting"
    BINDING = "binding"
    PLACED = "placed"
    OVER = "over"
    """It has ended, or is being deleted before it had a node."""


class Origin(Enum):
    """Who gave a placed pod its node."""

    UNKNOWN = "unknown"
    """It was placed before this scheduler looked."""
    BOUND = "bound"
    PRESET = "preset"
    """It was created with its node."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One pod's stage, and what belongs to it."""

    stage: Stage
    node: str = ""
    """Where it is, or is about to be."""
    origin: Origin = Origin.UNKNOWN
    seconds: float | None = None
    """How long a waiting pod is held back; 0 when its turn comes next, None when it waits for a node to change."""
