"""`peapod simulate`: many pods on nodes without containers, and how fast the control plane deals with them."""

from __future__ import annotations

import asyncio
import os
import signal
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from peapod.common.channel import open_channel
from peapod_cli.console import Console
from peapod_cli.occupancy import sole_user
from peapod_cli.readiness import serving
from peapod_cli.simulation.load import Load
from peapod_cli.simulation.memory import resident_bytes
from peapod_cli.simulation.progress import shown
from peapod_cli.simulation.report import THIS, Report
from peapod_cli.simulation.setup import Simulation
from peapod_cli.supervised import SIGNALS, Interrupted, stop_on_signals, unless_stopped
from peapod_cli.supervisor import Supervisor

MEMORY = "/dev/shm"
INTERRUPTED = 130
"""The exit status, as of a command that a shell saw end by Ctrl-C."""


def run(arguments: Namespace, console: Console) -> None:
    """Simulate, print the figures, and leave nothing behind, also when interrupted."""
    with _folder(arguments.state_dir) as folder, _folder(_memory()) as pods_folder:
        simulation = Simulation(
            folder=Path(folder).absolute(),
            pods_folder=Path(pods_folder),
            nodes=arguments.nodes,
            pods=arguments.pods,
            containers=arguments.containers,
            rate=arguments.rate,
            apiserver=arguments.apiserver,
            log_level=arguments.log_level,
        )
        with sole_user(simulation.folder) as inherited:
            report = _simulate(simulation, console, inherited)
    for line in _lines(report, arguments.output) if report else ():
        console.line(line)


def _folder(parent: str | None) -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="peapod-simulate-", dir=parent)


def _memory() -> str | None:
    """Find a place in memory: a disk under test is the store's alone, as the nodes' own disks would be elsewhere."""
    return MEMORY if os.access(MEMORY, os.W_OK) else None


def _simulate(simulation: Simulation, console: Console, inherited: int) -> Report | None:
    """Return the figures; None when interrupted. From then on nothing interrupts."""
    try:
        return asyncio.run(_run(simulation, console, inherited))
    except Interrupted:
        console.error("interrupted")
        console.status = INTERRUPTED
        return None
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)


def _lines(report: Report, form: str) -> Iterable[str]:
    return [report.json()] if form == "json" else report.text()


async def _run(simulation: Simulation, console: Console, inherited: int) -> Report:
    supervisor = Supervisor(simulation.services(), console.note, inherited, "before the simulation was over")
    stop = stop_on_signals(supervisor)
    channel = open_channel(simulation.server)
    try:
        with shown(console) as tell:
            load = Load(channel, simulation, tell)
            try:
                await supervisor.start()
                return await unless_stopped(_measure(simulation, load, supervisor), stop, supervisor)
            finally:
                await _tidy_up(simulation, load, supervisor)
    finally:
        await channel.close()


async def _measure(simulation: Simulation, load: Load, supervisor: Supervisor) -> Report:
    await asyncio.gather(*(serving(service.health) for service in simulation.services()))
    times = await load.run()
    pids = {**supervisor.pids, THIS: os.getpid()}
    return Report.of(simulation, times, {name: resident_bytes(pid) for name, pid in pids.items()})


async def _tidy_up(simulation: Simulation, load: Load, supervisor: Supervisor) -> None:
    """End the processes; a cluster that goes on is rid of the pods before, and of the nodes after."""
    goes_on = simulation.apiserver and load.reached
    try:
        if goes_on:
            await load.remove_pods()
    finally:
        await supervisor.stop()
    if goes_on:
        await load.remove_nodes()
