"""How the engine's words on a container are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from peapod.kubelet.naming import ContainerName
from peapod.kubelet.runtime.runtime import Observed, Phase

_OUT_OF_MEMORY = "OOMKilled", "The container used more memory than its limit"

_KILLED = 137


def observed(inspected: Mapping[str, Any], *, short_of_memory: bool = False) -> Observed:
    """Read what GET /containers/{id}/json says; raises ValueError for a container that no kubelet made.

    `short_of_memory` is whether the engine told of it separately, for at times it forgets that in its answer.
    """
    config, state = inspected["Config"], inspected["State"]
    created_at = _time(inspected["Created"])
    if created_at is None:
        raise ValueError("the container has no time of creation")
    reason, message = _reason(state, short_of_memory)
    return Observed(
        id=inspected["Id"],
        name=ContainerName.from_labels(config["Labels"] or {}),
        phase=_phase(state),
        image=config["Image"],
        image_id=inspected["Image"],
        created_at=created_at,
        started_at=_time(state["StartedAt"]),
        finished_at=_finished_at(state),
        exit_code=state["ExitCode"],
        reason=reason,
        message=message,
        ip=address(inspected["NetworkSettings"]),
    )


def _phase(state: Mapping[str, Any]) -> Phase:
    if state["Running"]:
        return Phase.RUNNING
    return Phase.CREATED if state["Status"] == "created" else Phase.EXITED


def _finished_at(state: Mapping[str, Any]) -> datetime | None:
    if state["Running"]:
        return None
    started, finished = _time(state["StartedAt"]), _time(state["FinishedAt"])
    # The engine may stamp the end of a container first that ends within a millisecond.
    return max(started, finished) if started and finished else finished


def _reason(state: Mapping[str, Any], short_of_memory: bool) -> tuple[str, str]:
    if state["Running"]:
        return "", ""
    if state["OOMKilled"] or (short_of_memory and state["ExitCode"] == _KILLED):
        return _OUT_OF_MEMORY
    if state["Error"]:
        return "ContainerCannotRun", one_line(state["Error"])
    return "", ""


def address(settings: Mapping[str, Any]) -> str:
    """Read a container's address out of its network settings; empty where it has none of its own."""
    addresses = (network["IPAddress"] for network in (settings.get("Networks") or {}).values())
    return next((address for address in addresses if address), "")


def _time(text: str) -> datetime | None:
    """Read a time; the engine writes year 1 for never."""
    time = datetime.fromisoformat(text)
    return time if time.year > 1 else None


def one_line(text: str) -> str:
    """Bring the engine's words onto one line."""
    return " ".join(text.split())
