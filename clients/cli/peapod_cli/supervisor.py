"""Keeps processes running until it is told to stop them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from peapod.common.backoff import Backoff
from peapod_cli.cluster import Service

STOP_SECONDS = 10.0
"""How long a service may take to end before it is killed."""

_CHILD = str(Path(__file__).with_name("child.py"))


class Supervisor:
    """Runs each service as a process of its own, which ends at the latest with this one and has the descriptor
    `inherited` open until then.

    Until `settled` is set, a service that ends is a failure, as it is `too_early`; afterwards it is started again, with
    growing pauses.
    """

    def __init__(self, services: Sequence[Service], say: Callable[[str], None], inherited: int, too_early: str) -> None:
        self.settled = False
        self.failure: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._services = services
        self._say = say
        self._inherited = inherited
        self._too_early = too_early
        self._backoff = Backoff(0.1, 10)
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def pids(self) -> dict[str, int]:
        """The processes that were started last, by the names of their services."""
        return {name: process.pid for name, process in self._processes.items()}

    async def start(self) -> None:
        """Start all services at once; they wait for each other by themselves."""
        for service in self._services:
            await self._spawn(service)
        self._keepers = [asyncio.create_task(self._keep(service)) for service in self._services]

    async def stop(self) -> None:
        """End all services, each after those that need it. Idempotent."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for service in reversed(self._services):
            process = self._processes.pop(service.name, None)
            if process is not None and process.returncode is None:
                await self._end(service, process)

    def kill(self) -> None:
        """End all services at once, whatever they are doing."""
        for process in self._processes.values():
            _signal(process, signal.SIGKILL)

    async def _spawn(self, service: Service) -> asyncio.subprocess.Process:
        command = [sys.executable, "-m", f"peapod.{service.module or service.name}", *service.flags]
        # A group of its own keeps the terminal's Ctrl-C away: services are ended in order, not all at once.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", _CHILD, str(os.getpid()), *command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            process_group=0,
            pass_fds=(self._inherited,),
        )
        self._processes[service.name] = process
        return process

    async def _keep(self, service: Service) -> None:
        process = self._processes[service.name]
        while True:
            ended = f"the {service.name} ended with {_how(await process.wait())}"
            if not self.settled:
                if not self.failure.done():
                    self.failure.set_result(f"{ended} {self._too_early}")
                return
            delay = self._backoff.next(service.name)
            self._say(f"{ended}; starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            process = await self._spawn(service)

    async def _end(self, service: Service, process: asyncio.subprocess.Process) -> None:
        _signal(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._say(f"the {service.name} did not end in {STOP_SECONDS:g} s; killing it")
            _signal(process, signal.SIGKILL)
            await process.wait()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(number)


def _how(code: int) -> str:
    return f"status {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
