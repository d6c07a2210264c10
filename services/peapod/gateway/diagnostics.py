"""What monitors ask of the gateway: /healthz, /version, /metrics."""

from __future__ import annotations

import grpc
import grpc.aio
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import peapod
from peapod.common.rpc import Client
from peapod.gateway.item import dumps

ANSWER_SECONDS = 2.0


class HealthClient(Client):
    """The standard health service of the apiserver."""

    async def problem(self) -> str:
        """Say why the apiserver cannot be used now; empty when it serves."""
        try:
            response = await self._unary(
                "/grpc.health.v1.Health/Check", HealthCheckRequest(), HealthCheckResponse, ANSWER_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            return f"{error.code().name}: {error.details()}"
        serving = response.status == HealthCheckResponse.SERVING
        return "" if serving else HealthCheckResponse.ServingStatus.Name(response.status)


def routes(channel: grpc.aio.Channel, registry: CollectorRegistry) -> list[Route]:
    """Make the routes; `channel` leads to the apiserver, `registry` holds the gateway's measures."""
    health = HealthClient(channel)

    async def healthz(request: Request) -> Response:
        problem = await health.problem()
        if problem:
            return PlainTextResponse(f"apiserver: {problem}\n", status_code=500)
        if "verbose" in request.query_params:
            return PlainTextResponse("[+]ping ok\n[+]apiserver ok\nhealthz check passed\n")
        return PlainTextResponse("ok")

    async def ping(request: Request) -> Response:
        return PlainTextResponse("ok")

    async def version(request: Request) -> Response:
        major, _, minor = peapod.__version__.partition(".")
        known = {"major": major, "minor": minor, "gitVersion": f"v{peapod.__version__}"}
        return Response(dumps(known | {"gitCommit": "", "gitTreeState": ""}), media_type="application/json")

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/healthz", healthz),
        Route("/healthz/ping", ping),
        Route("/version", version),
        Route("/metrics", metrics),
    ]
