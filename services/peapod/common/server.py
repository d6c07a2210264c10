"""The gRPC server that every service runs: its RPCs, and health, reflection, channelz and a version besides."""

from __future__ import annotations

import asyncio
import inspect
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import grpc
import grpc.aio
from grpc_channelz.v1 import channelz
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server

import peapod
from peapod.common import address as addresses
from peapod.common import options
from peapod.common.errors import Unavailable
from peapod.common.guard import CallGuard
from peapod.common.rpc import Guard
from peapod.v1 import version_service_pb2 as version_pb
from peapod.v1.version_service_rpc import VersionServiceServicer, version_service_handler

logger = logging.getLogger(__name__)

GRACE_SECONDS = 3.0

BeforeStop = Callable[[], Awaitable[None] | None]


class Server:
    """One service's server on one address, with its measures on another.

    `handlers` makes the RPC handlers with the guard that it is given; `names` are their full service names.
    Callbacks in `before_stop` run first when the server stops: there, a service says goodbye to its watchers.
    """

    def __init__(
        self,
        address: str,
        service: str,
        handlers: Callable[[Guard], Sequence[grpc.GenericRpcHandler]],
        names: Sequence[str],
        *,
        allow_insecure: bool = False,
        metrics_address: str = "",
    ) -> None:
        for exposed in filter(None, (address, metrics_address)):
            addresses.refuse_exposed(exposed, allow_insecure)
        self.before_stop: list[BeforeStop] = []
        self.registry = CollectorRegistry()
        self.address = address
        self.metrics_address = metrics_address
        self.port = 0
        self._service = service
        self._names = [*names, version_pb.DESCRIPTOR.services_by_name["VersionService"].full_name]
        self._handlers = handlers
        self._guard = CallGuard(self.registry)
        self._health = health.aio.HealthServicer()
        self._server: grpc.aio.Server | None = None
        self._metrics: Any = None

    async def start(self) -> None:
        """Listen and serve; raises `Unavailable` when an address cannot be had. Afterwards `address`, `port` and
        `metrics_address` name what a port of 0 became.
        """
        server = grpc.aio.server(options=options.SERVER)
        version = version_service_handler(_Version(self._service), self._guard)
        server.add_generic_rpc_handlers((*self._handlers(self._guard), version))
        self._add_diagnostics(server)
        try:
            # A gRPC server lets go of its port only if it was started, so what may fail comes before it.
            self._serve_metrics()
            self._listen(server)
            await server.start()
        except BaseException:
            await self._let_go(server, 0)
            raise
        self._server = server
        for name in self._names:
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        logger.info("listening on %s", self.address)

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Call back, end the streams, finish the calls that run, and let go; unhealthy meanwhile. Idempotent.

        The callbacks together have `grace` seconds, and then the calls have as many; the rest is cut off.
        """
        server, self._server = self._server, None
        if server is None:
            return
        await self._health.enter_graceful_shutdown()
        try:
            async with asyncio.timeout(grace):
                for callback in self.before_stop:
                    await _call(callback)
        except TimeoutError:
            logger.warning("stopping goes on after %g s, though not all that was to come before is done", grace)
        self._guard.end_streams()
        await self._let_go(server, grace)

    def _add_diagnostics(self, server: grpc.aio.Server) -> None:
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        channelz.add_channelz_servicer(server)
        names = [*self._names, health.SERVICE_NAME, "grpc.channelz.v1.Channelz", reflection.SERVICE_NAME]
        reflection.enable_server_reflection(names, server)

    def _listen(self, server: grpc.aio.Server) -> None:
        try:
            self.port = server.add_insecure_port(self.address)
        except RuntimeError as error:
            raise Unavailable(f"cannot listen on {self.address}: {_why_not(self.address)}") from error
        if addresses.is_unix(self.address):
            self.port = 0
        else:
            self.address = str(addresses.parse(self.address)._replace(port=self.port))

    def _serve_metrics(self) -> None:
        if not self.metrics_address:
            return
        place = addresses.parse(self.metrics_address)
        ProcessCollector(registry=self.registry)
        try:
            self._metrics, _ = start_http_server(place.port, place.host, self.registry)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise Unavailable(f"cannot serve metrics on {self.metrics_address}: {why}") from error
        self.metrics_address = str(place._replace(port=self._metrics.server_port))

    async def _let_go(self, server: grpc.aio.Server, grace: float) -> None:
        await self._guard.streams_over(grace)
        await server.stop(grace)
        metrics, self._metrics = self._metrics, None
        if metrics is not None:
            await asyncio.to_thread(metrics.shutdown)
            metrics.server_close()


class _Version(VersionServiceServicer):
    def __init__(self, service: str) -> None:
        self._service = service

    async def get_version(
        self, request: version_pb.GetVersionRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> version_pb.GetVersionResponse:
        return version_pb.GetVersionResponse(version=peapod.__version__, service=self._service)


async def _call(callback: BeforeStop) -> None:
    try:
        result = callback()
        if inspect.isawaitable(result):
            await result
    except Exception:
        logger.exception("stopping goes on without %s", callback)


def _why_not(address: str) -> str:
    """Find out why an address cannot be had: gRPC only says that it cannot."""
    if addresses.is_unix(address):
        return "the socket cannot be made"
    host, port = addresses.parse(address)
    try:
        for family, kind, protocol, _, place in socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as attempt:
                attempt.bind(place)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return "it was taken a moment ago"
