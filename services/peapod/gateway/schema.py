"""The schema of each version, made of the tables that read and write it: for clients that check before they send."""

from __future__ import annotations

from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from peapod.codec import swagger
from peapod.codec.swagger import Served
from peapod.codec.versions import VERSIONS
from peapod.gateway.item import dumps
from peapod.gateway.resources import NODES, PODS, RESOURCES, SERVICES

MEDIA = "application/json"
_RELAYED = (PODS, SERVICES, NODES)


def routes() -> list[Route]:
    """Make the routes."""
    listing = dumps(swagger.listing(VERSIONS.values()))

    async def versions(request: Request) -> Response:
        return Response(listing, media_type=MEDIA)

    async def version(request: Request) -> Response:
        name = request.path_params["version"]
        if name not in VERSIONS:
            return Response("404: Page Not Found", status_code=404, media_type="text/plain")
        return Response(_declaration(name, str(request.base_url).rstrip("/")), media_type=MEDIA)

    return [
        Route("/swaggerapi", versions),
        Route("/swaggerapi/", versions),
        Route("/swaggerapi/api/{version}", version),
        Route("/swaggerapi/api/{version}/", version),
    ]


@lru_cache(maxsize=16)
def _declaration(name: str, base_path: str) -> bytes:
    served = [
        Served(resource.kind, resource.also, tuple(resource.parts), resource in _RELAYED) for resource in RESOURCES
    ]
    return dumps(swagger.declaration(VERSIONS[name], base_path, served))
