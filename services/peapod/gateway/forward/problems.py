"""How what is forwarded fails: in the plain text that kubelets and proxies used, or as the API's own errors do."""

from __future__ import annotations

import grpc
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from peapod.common.errors import PeapodError

_HTTP = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}


class Refusal(Exception):
    """An answer in plain text, in place of the one that was asked for."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.response = PlainTextResponse(text, status, headers)


def nothing_there() -> Refusal:
    """Say that no URL is like this."""
    return Refusal(404, "404: Page Not Found")


def unreachable(url: str, why: str, status: int = 503) -> Refusal:
    """Say that a server cannot be reached, or is none."""
    return Refusal(status, f"Error: '{why}'\nTrying to reach: '{url}'")


def code(error: PeapodError) -> int:
    """Return the HTTP status of an error."""
    return _HTTP.get(error.code, 500)


class Answering:
    """Answers what an application raises before it has begun its own answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the application answer, or say why it does not."""
        try:
            await self._app(scope, receive, send)
        except Refusal as refusal:
            await refusal.response(scope, receive, send)
        except PeapodError as error:
            await _status(error)(scope, receive, send)


def _status(error: PeapodError) -> Response:
    number = code(error)
    body = {"kind": "Status", "creationTimestamp": None, "apiVersion": "v1beta1", "status": "Failure"}
    return JSONResponse(body | {"message": error.message, "code": number}, number)
