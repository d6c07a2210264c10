"""`peapod up`: a whole cluster on this machine, one process for each service, until it is interrupted."""

from __future__ import annotations

import asyncio
import signal
from argparse import Namespace
from pathlib import Path

from peapod.common.errors import TooLate, Unavailable
from peapod_cli import dns_address
from peapod_cli.cluster import Cluster
from peapod_cli.console import Console
from peapod_cli.occupancy import sole_user
from peapod_cli.readiness import Readiness
from peapod_cli.supervisor import Supervisor

READY_SECONDS = 60.0


def run(arguments: Namespace, console: Console) -> None:
    """Start the services, say in one line when they are ready, and end them when interrupted.

    Pods run on when the services end, and are taken up again by the next `up` with the same state directory.
    """
    cluster = Cluster(
        state_dir=Path(arguments.state_dir).expanduser().absolute(),
        runtime=arguments.runtime,
        apiserver_address=arguments.apiserver_address,
        gateway_address=arguments.gateway_address,
        node_name=arguments.node_name,
        store=arguments.store,
        log_level=arguments.log_level,
        allow_privileged=arguments.allow_privileged,
        disks=arguments.disks,
        manifest_dir=arguments.manifest_dir,
        manifest_url=arguments.manifest_url,
        cluster_dns_address=dns_address.choose(arguments.cluster_dns_address, console.note),
        cluster_domain=arguments.cluster_domain,
    )
    cluster.sockets.mkdir(parents=True, exist_ok=True)
    with sole_user(cluster.state_dir) as inherited:
        asyncio.run(_run(cluster, console, inherited))


async def _run(cluster: Cluster, console: Console, inherited: int) -> None:
    stop = asyncio.Event()
    supervisor = Supervisor(cluster.services(), console.note, inherited)
    _stop_on_signals(stop, supervisor)
    await supervisor.start()
    try:
        if await _become_ready(cluster, supervisor, stop):
            supervisor.settled = True
            console.line(
                f"ready: apiserver at {cluster.apiserver_address}, gateway at http://{cluster.gateway_address}, "
                f"node {cluster.node}, state in {cluster.state_dir}"
            )
            await stop.wait()
    finally:
        await supervisor.stop()


def _stop_on_signals(stop: asyncio.Event, supervisor: Supervisor) -> None:
    """Stop at the first signal, and kill at the next one."""

    def on_signal() -> None:
        if stop.is_set():
            supervisor.kill()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)


async def _become_ready(cluster: Cluster, supervisor: Supervisor, stop: asyncio.Event) -> bool:
    """Wait until the cluster is ready; False when it is to stop before. Raises what keeps it from becoming so."""
    readiness = Readiness(cluster)
    ready = asyncio.create_task(readiness.wait())
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait(
            (ready, stopped, supervisor.failure), timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if supervisor.failure.done():
            raise Unavailable(supervisor.failure.result())
        if ready.done():
            ready.result()
        elif not stopped.done():
            raise TooLate(f"not ready in {READY_SECONDS:g} s: no {', '.join(sorted(readiness.missing))}")
        return ready.done()
    finally:
        for task in (ready, stopped):
            task.cancel()
        await asyncio.gather(ready, stopped, return_exceptions=True)
