"""What a plan may ask for: one small record per act upon a runtime or a volume."""

from __future__ import annotations

from dataclasses import dataclass

from peapod.kubelet.naming import NETWORK
from peapod.kubelet.runtime.runtime import Observed

POD = ""
"""The name under which failures of the pod as a whole are kept, beside those of its containers."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End a running container: SIGTERM, and SIGKILL after the grace."""

    one: Observed
    grace_seconds: float
    why: str

    @property
    def part(self) -> str:
        """The container that this is about."""
        return self.one.name.container


@dataclass(frozen=True, slots=True)
class Remove:
    """Forget a container that has ended, with its log."""

    one: Observed

    @property
    def part(self) -> str:
        """The container that this is about."""
        return self.one.name.container


@dataclass(frozen=True, slots=True)
class SetUpVolumes:
    """Make the pod's directory and volumes; those that are there stay as they are."""

    part = POD


@dataclass(frozen=True, slots=True)
class EnsureImage:
    """Make a container's image present, as its pull policy says."""

    part: str


@dataclass(frozen=True, slots=True)
class StartNetwork:
    """Start the network container."""

    attempt: int
    spec_hash: str

    part = POD


@dataclass(frozen=True, slots=True)
class StartContainer:
    """Start a container in the pod's network, with its volumes."""

    part: str
    attempt: int
    spec_hash: str


@dataclass(frozen=True, slots=True)
class Release:
    """Give up those volumes of a pod that is over for which pods elsewhere may wait; the others stay."""

    part = POD


@dataclass(frozen=True, slots=True)
class CleanUp:
    """Tear the pod's volumes down and remove its directory, after the last container is gone."""

    part = POD


Action = Stop | Remove | SetUpVolumes | EnsureImage | StartNetwork | StartContainer | Release | CleanUp
Step = tuple[Action, ...]
"""Actions that may run side by side."""


def sentence(steps: tuple[Step, ...]) -> str:
    """Say in one sentence what the steps do; empty when they do nothing worth a line."""
    actions = [action for step in steps for action in step]
    clauses = [
        _clause("stops", [_title(act.part) for act in actions if isinstance(act, Stop)]),
        _clause("starts", [_started(act) for act in actions if isinstance(act, StartNetwork | StartContainer)]),
        _clause("removes", [_title(act.part) for act in actions if isinstance(act, Remove)]),
        "cleans up" if any(isinstance(act, CleanUp) for act in actions) else "",
    ]
    reasons = dict.fromkeys(act.why for act in actions if isinstance(act, Stop))
    said = ", ".join(clause for clause in clauses if clause)
    return f"{said}: {'; '.join(reasons)}" if reasons else said


def _clause(verb: str, names: list[str]) -> str:
    return f"{verb} {' and '.join(dict.fromkeys(names))}" if names else ""


def _started(action: StartNetwork | StartContainer) -> str:
    name = NETWORK if isinstance(action, StartNetwork) else action.part
    return f"{_title(name)} (attempt {action.attempt})"


def _title(container: str) -> str:
    return "the network container" if container == NETWORK else container or "the pod"
