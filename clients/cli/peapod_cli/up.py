"""`peapod up`: a whole cluster on this machine, one process for each service, until it is interrupted."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from pathlib import Path

from peapod.common.errors import TooLate
from peapod_cli import dns_address
from peapod_cli.cluster import Cluster
from peapod_cli.console import Console
from peapod_cli.occupancy import sole_user
from peapod_cli.readiness import Readiness
from peapod_cli.supervised import Interrupted, stop_on_signals, unless_stopped
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
    supervisor = Supervisor(cluster.services(), console.note, inherited, "before the cluster was ready")
    stop = stop_on_signals(supervisor)
    await supervisor.start()
    try:
        await _become_ready(cluster, supervisor, stop)
        supervisor.settled = True
        console.line(
            f"ready: apiserver at {cluster.apiserver_address}, gateway at http://{cluster.gateway_address}, "
            f"node {cluster.node}, state in {cluster.state_dir}"
        )
        await stop.wait()
    except Interrupted:
        pass  # Whoever interrupts the start gets what is asked for: an end.
    finally:
        await supervisor.stop()


async def _become_ready(cluster: Cluster, supervisor: Supervisor, stop: asyncio.Event) -> None:
    """Wait until the cluster is ready. Raises what keeps it from becoming so."""
    readiness = Readiness(cluster)
    try:
        async with asyncio.timeout(READY_SECONDS):
            await unless_stopped(readiness.wait(), stop, supervisor)
    except TimeoutError:
        missing = ", ".join(sorted(readiness.missing))
        raise TooLate(f"not ready in {READY_SECONDS:g} s: no {missing}") from None
