"""How much memory processes use."""

from __future__ import annotations

from pathlib import Path

from peapod.common.errors import Unavailable


def resident_bytes(pid: int) -> int:
    """How much memory a process has in use; raises `Unavailable` when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        lines = []
    for line in lines:
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise Unavailable(f"process {pid} is gone")
