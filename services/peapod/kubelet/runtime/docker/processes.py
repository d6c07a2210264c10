"""The processes of containers as this machine's process table shows them, where it does: not to a kubelet in a
container with processes of its own, nor for an engine on another machine.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def belongs(pid: int, container: str) -> bool:
    """Say whether a process is there, alive, and one of the container with this id."""
    stat = _stat(pid)
    return bool(stat) and stat[0] != "Z" and _is_in(pid, container)


def kill_session(leader: int, container: str) -> None:
    """Kill the processes of a session of this container, also those that they start meanwhile."""
    killed: set[int] = set()
    while found := [pid for pid in _session(leader) - killed if _is_in(pid, container)]:
        for pid in found:
            _kill(pid, container)
        killed.update(found)


def _session(leader: int) -> set[int]:
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    return {pid for pid in pids if (stat := _stat(pid)) and int(stat[3]) == leader}


def _kill(pid: int, container: str) -> None:
    """Kill by a handle, for the number may be another's in the next moment."""
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            if _is_in(pid, container):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)


def _stat(pid: int) -> list[str]:
    """Read state, parent, group, session and so on; empty when there is no such process."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _is_in(pid: int, container: str) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return container in (PROC / str(pid) / "cgroup").read_text()
    return False
