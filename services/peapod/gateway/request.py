"""One HTTP request to the API, understood as far as that is possible without its body."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from peapod.codec import codec
from peapod.codec.documents import documents_in
from peapod.common.errors import Invalid, Violation
from peapod.gateway import query
from peapod.gateway.item import view_of
from peapod.gateway.query import Query
from peapod.gateway.status import About, BadRequest, BodyLate, TooLarge, WrongMedia
from peapod.gateway.target import DEFAULT_NAMESPACE, Target

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

BODY_MOST = 3 << 20
"""Bytes of a body: more than any object may have, however it is indented."""
BODY_SECONDS = 30.0
"""How long a body may take to come."""

_READ = frozenset(
    {"", "application/json", "text/json", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded"}
)
"""The types of bodies that are taken for JSON: curl and the clients of 2015 name a wrong one, or none."""


class Request:
    """A request for a target. Raises `Invalid` for what is wrong with its query."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, target: Target) -> None:
        self.target = target
        self.query: Query = query.parse(scope["query_string"])
        self.view = view_of(target.version, target.segment)
        self.path: str = scope["path"]
        self.name = target.name
        """What the request is about: the object of the path, or else of the body."""
        self._headers = scope["headers"]
        self._receive = receive
        self._body: bytes | None = None
        self._deadline = time.monotonic() + self.query.timeout

    def left(self) -> float:
        """How many seconds the request may still take."""
        return max(0.001, self._deadline - time.monotonic())

    @property
    def about(self) -> About:
        """What errors are to name."""
        return self.target.about._replace(name=self.name)

    def header(self, name: bytes) -> str:
        """Return a header's value, or an empty text; `name` is in lower case."""
        return next((value.decode("latin-1") for key, value in self._headers if key == name), "")

    @property
    def wants_fresh(self) -> bool:
        """Whether a read must have what the apiserver has by now."""
        return "no-cache" in self.header(b"cache-control")

    def namespace(self, *, many: bool = False) -> str:
        """Say in which namespace the target is: empty for all of them, where it is a collection (`many`).

        Raises `BadRequest` where one is needed and is given as nothing.
        """
        if not self.target.namespaced:
            return ""
        given = self.target.namespace if self.target.namespace is not None else self.query.namespace
        if given is None:
            return "" if many else DEFAULT_NAMESPACE
        if not given and not many:
            if not self.target.name:
                raise Invalid("a namespace is needed", [Violation.required("metadata.namespace")])
            raise BadRequest("Namespace parameter required.")
        return given

    async def body(self) -> bytes:
        """Read the body, once. Raises `TooLarge`, `WrongMedia`, and `BodyLate` when it does not come."""
        if self._body is None:
            self._body = await self._read()
        return self._body

    async def _read(self) -> bytes:
        media = self.header(b"content-type").partition(";")[0].strip().lower()
        if media not in _READ and not media.endswith("+json"):
            raise WrongMedia(f"a body of type {media[:100]} is not read; send application/json")
        declared = self.header(b"content-length")
        if declared.isdigit() and int(declared) > BODY_MOST:
            raise _too_large()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await self._whole()
        except TimeoutError:
            raise BodyLate(f"the body did not come within {BODY_SECONDS:g} s") from None

    async def document(self) -> Any:
        """Read the body as one JSON document. Raises `BadRequest` too."""
        data = await self.body()
        if not data.strip():
            raise BadRequest("the body is empty; it must be a JSON object")
        try:
            found = documents_in(data.decode("utf-8-sig"), ".json")
        except UnicodeDecodeError as wrong:
            raise BadRequest(f"the body is not UTF-8: byte {wrong.start}") from None
        except Invalid as wrong:
            raise BadRequest(f"the body is not JSON: {wrong.message}") from None
        if len(found) != 1:
            raise BadRequest("the body holds several documents; send them one by one")
        if not isinstance(found[0], dict):
            raise BadRequest("the body must be a JSON object")
        return found[0]

    async def gone(self) -> None:
        """Return when the client has left, or, on a WebSocket, has said anything."""
        while (await self._receive())["type"] == "http.request":
            pass

    async def _whole(self) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            piece = message.get("body", b"")
            size += len(piece)
            if size > BODY_MOST:
                raise _too_large()
            pieces.append(piece)
            if not message.get("more_body"):
                return b"".join(pieces)


class ClientGone(Exception):
    """Nobody is there to be answered."""


def kind_named(document: Any) -> str:
    """Say which kind a document says it is; empty where it does not."""
    name = codec.member(document, "kind")
    return name if isinstance(name, str) else ""


def _too_large() -> TooLarge:
    return TooLarge(f"the body is larger than the {BODY_MOST} bytes that are read")
