"""The gateway's framework without the gateway: two paths that answer with constant bytes."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from peapod.common.server import Server
from peapod.gateway.web import WebServer


async def serve(grpc_address: str, address: str, one: bytes, many: bytes) -> None:
    """Serve bytes until killed."""

    async def answer_one(request: Request) -> Response:
        return Response(one, media_type="application/json")

    async def answer_many(request: Request) -> Response:
        return Response(many, media_type="application/json")

    web = WebServer(Starlette(routes=[Route("/one", answer_one), Route("/many", answer_many)]), address)
    await web.start()
    health = Server(grpc_address, "bare", lambda _guard: (), ())
    await health.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--grpc-address")
    parser.add_argument("--address")
    parser.add_argument("--get", type=Path)
    parser.add_argument("--listing", type=Path)
    given = parser.parse_args()
    asyncio.run(serve(given.grpc_address, given.address, given.get.read_bytes(), given.listing.read_bytes()))
