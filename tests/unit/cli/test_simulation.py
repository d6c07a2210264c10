"""What a simulation is told, how far it says that it is, and what it makes of the moments that it has seen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from peapod.common.errors import Invalid
from peapod_cli.simulation.progress import LINE_SECONDS, Lines
from peapod_cli.simulation.report import Report
from peapod_cli.simulation.setup import Simulation
from peapod_cli.simulation.times import Spread, Times

SMALL = Simulation(Path("/tmp/a"), Path("/tmp/b"), 2, 4, 1, 0.0, "", "error", name="small")


def times(**moments: tuple[float, float, float]) -> Times:
    made = Times()
    for name, (asked, bound, running) in moments.items():
        made.asked[name], made.bound[name], made.running[name] = asked, bound, running
    return made


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() -> None:
    assert Spread.of(float(number) for number in range(200, 0, -1)) == Spread(100.0, 198.0)
    assert Spread.of([3.0]) == Spread(3.0, 3.0)


def test_durations_are_from_asking_to_bound_and_from_there_to_running() -> None:
    seen = times(one=(1.0, 1.5, 4.5), two=(2.0, 4.0, 5.0))
    assert seen.seconds == 4.0
    assert seen.create_to_bound() == Spread(0.5, 2.0)
    assert seen.bound_to_running() == Spread(1.0, 3.0)


def test_a_report_has_the_same_figures_for_people_and_for_programs() -> None:
    seen = times(**{str(number): (0.0, 0.25, 2.0) for number in range(4)})
    report = Report.of(SMALL, seen, {"apiserver": 3 * 2**20})
    figures = json.loads(report.json())
    assert figures["podsPerSecond"] == 2.0
    assert figures["createToBound"] == {"p50": 0.25, "p99": 0.25}
    assert figures["memory"] == {"apiserver": 3 * 2**20}
    assert [" ".join(line.split()) for line in report.text()] == [
        "4 pods of 1 container run on 2 simulated nodes",
        "create to bound p50 250 ms, p99 250 ms",
        "bound to running p50 1750 ms, p99 1750 ms",
        "pods per second 2.0 (all within 2.0 s)",
        "memory apiserver 3 MiB",
    ]


def test_a_line_is_said_when_something_is_complete_or_after_a_while() -> None:
    now, said = [0.0], list[str]()
    lines = Lines(said.append, lambda: now[0])
    lines("pods running", 1, 3)
    now[0] = LINE_SECONDS
    lines("pods running", 2, 3)
    lines("pods running", 3, 3)
    lines("pods running", 3, 3)
    assert said == ["pods running: 2 of 3", "pods running: 3 of 3"]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"nodes": 0}, "--nodes and --pods must be positive"),
        ({"containers": 11}, "--containers must be 1 to 10"),
        ({"pods": 221}, "--pods 221 is more than --nodes 2 can take, which is 110 each"),
        ({"apiserver": "nowhere"}, "'nowhere' is not of the form host:port"),
        ({"folder": Path("/tmp/" + "long-" * 25)}, "too long for sockets inside"),
    ],
)
def test_what_cannot_work_is_refused(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        replace(SMALL, **wrong)  # type: ignore[arg-type]


def test_a_running_cluster_gets_nothing_but_nodes() -> None:
    assert [service.name for service in SMALL.services()] == ["apiserver", "scheduler", "controllers", "nodes"]
    assert [service.name for service in replace(SMALL, apiserver="127.0.0.1:7070").services()] == ["nodes"]
