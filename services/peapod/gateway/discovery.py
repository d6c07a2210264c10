"""What there is to ask: the versions, and the paths."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from peapod.codec.versions import VERSIONS
from peapod.gateway.item import dumps

PATHS = (
    "/api",
    *(f"/api/{name}" for name in VERSIONS),
    "/healthz",
    "/healthz/ping",
    "/metrics",
    "/swaggerapi/",
    *(f"/swaggerapi/api/{name}" for name in VERSIONS),
    "/validate",
    "/version",
)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def routes() -> list[Route]:
    """Make the routes; the last one takes every path outside of the API that no other has, as in 2015."""
    versions, paths = dumps({"versions": list(VERSIONS)}), dumps({"paths": sorted(PATHS)})

    async def api(request: Request) -> Response:
        return Response(versions, media_type="application/json")

    async def missing(request: Request) -> Response:
        return Response("404: Page Not Found", status_code=404, media_type="text/plain")

    async def anything(request: Request) -> Response:
        return Response(paths, media_type="application/json")

    return [
        Route("/api", api),
        Route("/api/", api),
        Route("/api/{rest:path}", missing, methods=METHODS),
        Route("/{rest:path}", anything),
    ]


async def wrong_method(request: Request, error: Exception) -> Response:
    """Answer where there is a path, and not the method."""
    return Response("405: Method Not Allowed", status_code=405, media_type="text/plain")
