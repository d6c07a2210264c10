"""What a simulation came to, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from peapod_cli.sections import pairs
from peapod_cli.simulation.setup import Simulation
from peapod_cli.simulation.times import Spread, Times

THIS = "this command"
"""Who it is that asks for the pods and measures."""


@dataclass(frozen=True)
class Report:
    """All figures. `memory` is the resident bytes of each process by its name."""

    simulation: Simulation
    seconds: float
    create_to_bound: Spread
    bound_to_running: Spread
    memory: Mapping[str, int]

    @classmethod
    def of(cls, simulation: Simulation, times: Times, memory: Mapping[str, int]) -> Report:
        """Sum up; all pods run."""
        return cls(simulation, times.seconds, times.create_to_bound(), times.bound_to_running(), memory)

    @property
    def rate(self) -> float:
        """Pods that came to run, per second."""
        return self.simulation.pods / self.seconds

    def json(self) -> str:
        """Write one object; durations are in seconds and memory is in bytes."""
        told = self.simulation
        figures = {
            "nodes": told.nodes,
            "pods": told.pods,
            "containers": told.containers,
            "seconds": self.seconds,
            "podsPerSecond": self.rate,
            "createToBound": self.create_to_bound._asdict(),
            "boundToRunning": self.bound_to_running._asdict(),
            "memory": dict(self.memory),
        }
        return json.dumps(figures, indent=2)

    def text(self) -> Iterator[str]:
        """Write lines."""
        told = self.simulation
        each = "1 container" if told.containers == 1 else f"{told.containers} containers"
        yield f"{told.pods} pods of {each} run on {told.nodes} simulated nodes"
        yield from pairs(
            ("create to bound", _said(self.create_to_bound)),
            ("bound to running", _said(self.bound_to_running)),
            ("pods per second", f"{self.rate:.1f} (all within {self.seconds:.1f} s)"),
            ("memory", ", ".join(f"{name} {bytes / 2**20:.0f} MiB" for name, bytes in self.memory.items())),
        )


def _said(spread: Spread) -> str:
    return f"p50 {spread.p50 * 1000:.0f} ms, p99 {spread.p99 * 1000:.0f} ms"
