"""A gateway and its apiserver, each a process of its own, as clients from outside meet them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from peapod.gateway.config import GatewayConfig
from peapod.gateway.server import Gateway
from tests.support.ports import free_port
from tests.support.service_process import ServiceProcess

LOG = "gateway.log"


class Pair:
    """A gateway in front of an apiserver; either may be killed, paused and started again at its address."""

    def __init__(
        self, apiserver: ServiceProcess, gateway: ServiceProcess, address: str, metrics: str, folder: Path
    ) -> None:
        self.apiserver = apiserver
        self.gateway = gateway
        self.address = address
        """Where the gateway serves HTTP."""
        self.metrics = metrics
        """Where the apiserver tells its measures."""
        self.log = folder / LOG
        """What the gateway says."""


@asynccontextmanager
async def running_gateway(
    folder: Path, apiserver_address: str, *flags: str
) -> AsyncGenerator[tuple[ServiceProcess, str]]:
    """Run a gateway, and say where it serves HTTP."""
    address = f"127.0.0.1:{free_port()}"
    arguments = ["--address", address, "--apiserver", apiserver_address, "--log-level", "warning", *flags]
    process = ServiceProcess("peapod.gateway", arguments, folder / LOG, flag="--grpc-address")
    try:
        await process.start()
        yield process, address
    finally:
        await process.stop()


@asynccontextmanager
async def running_pair(
    folder: Path, *, gateway: Sequence[str] = (), apiserver: Sequence[str] = ()
) -> AsyncGenerator[Pair]:
    """Run both on a new store, with these flags besides."""
    metrics = f"127.0.0.1:{free_port()}"
    arguments = ["--store", f"sqlite:///{folder}/peapod.db", "--log-level", "warning", "--metrics-address", metrics]
    server = ServiceProcess("peapod.apiserver", [*arguments, *apiserver], folder / "apiserver.log")
    try:
        await server.start()
        async with running_gateway(folder, server.address, *gateway) as (process, address):
            yield Pair(server, process, address, metrics, folder)
    finally:
        await server.stop()


@asynccontextmanager
async def running_own_gateway(apiserver_address: str, **settings: object) -> AsyncGenerator[Gateway]:
    """Run a gateway in this process; `settings` are fields of its config."""
    config = GatewayConfig(**({"apiserver": apiserver_address, "address": "127.0.0.1:0"} | settings))  # type: ignore[arg-type]
    gateway = Gateway(config)
    try:
        await gateway.start()
        yield gateway
    finally:
        await gateway.stop()
