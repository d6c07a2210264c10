"""How what is forwarded fails: in the plain text that kubelets and proxies used, or as the API's own errors do."""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from peapod.common.errors import PeapodError
from peapod.gateway import status
from peapod.gateway.forward import place
from peapod.gateway.item import dumps


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
            await _status(error, scope)(scope, receive, send)


def _status(error: PeapodError, scope: Scope) -> Response:
    code, said = status.failure(error, place.about(scope["raw_path"]))
    return Response(dumps(said), code, media_type="application/json")
