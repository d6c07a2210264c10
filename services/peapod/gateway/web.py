"""An HTTP server inside the process's own event loop, which leaves signals and logging to the process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterable, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from peapod.common import address as addresses
from peapod.common.address import HostPort
from peapod.common.errors import Unavailable

GRACE_SECONDS = 3
"""How long requests may still take once the server stops."""
_LAST_SECONDS = 2
"""How long those that were cut off then may take to notice."""

HEAD_MOST = 512 << 10
"""Bytes of a request before its body, far more than any client sends."""

CUT = "peapod.cut"
"""The extension in a request's scope whose "now" cuts its connection off, with all that waits for its reader."""


class WebServer:
    """Serves an application on one address. `start` once, `stop` once; in between, `address` is where it listens."""

    def __init__(self, app: ASGIApp, address: str, *, allow_insecure: bool = False) -> None:
        addresses.refuse_exposed(address, allow_insecure)
        self.address = address
        config = uvicorn.Config(
            app,
            http=_Http,
            ws=_WebSocket,
            lifespan="off",
            log_config=None,
            access_log=False,
            log_level="warning",
            server_header=False,
            # Whoever connects is who it is, whatever its headers say.
            proxy_headers=False,
            # Pongs wait behind messages that a slow reader has not taken yet, so that their absence tells nothing.
            ws_ping_timeout=None,
            timeout_graceful_shutdown=GRACE_SECONDS + _LAST_SECONDS,
        )
        self._server = _Uvicorn(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen and serve; raises `Unavailable` when the address cannot be had."""
        listener = self._listen()
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="http")
        await self._server.is_up.wait()

    async def stop(self) -> None:
        """Let the requests that run end, cut off those that do not, and let go. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            self._server.should_exit = True
            await asyncio.wait({task}, timeout=GRACE_SECONDS)
            self._server.cut()
            await task

    def _listen(self) -> socket.socket:
        host, port = addresses.parse(self.address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, port), family=family)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise Unavailable(f"cannot listen on {self.address}: {why}") from error
        # Connections inherit it. asyncio would set it, but not on sockets that do not name their protocol, and then the
        # body of an answer waits for the client to acknowledge the head, which takes 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.address = str(HostPort(host, listener.getsockname()[1]))
        return listener


class _Http(HttpToolsProtocol):
    """Bounds what the head of a request may have, and sends nothing in chunks to who does not know these."""

    _in_head = True
    _head = 0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # What came is at most what is read at a time, and may have begun with the end of another request.
        self._head = self._head + len(data) if self._in_head else 0
        if self._head > HEAD_MOST and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        self._in_head, self._head = False, 0
        if self.parser.should_upgrade() and _has_body(self.headers):
            # The parser would take the body for the other protocol, and answer a request that was not made.
            raise ValueError("a request to speak another protocol has a body")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = True
        super().on_message_complete()

    def _should_upgrade(self) -> bool:
        # A WebSocket begins with a GET; what else asks for one is answered as if it had not.
        return super()._should_upgrade() and self.scope["method"] == "GET"

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing of what a client would like better than HTTP."""

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        cycle.scope["extensions"] = {CUT: {"now": self.transport.abort}}
        if cycle.scope["http_version"] == "1.0":
            app = _unchunked(cycle, app)
        super()._start_asgi_task(cycle, app)


def _has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0 ")) for name, value in headers
    )


def _unchunked(cycle: Any, app: ASGIApp) -> ASGIApp:
    """Have an answer whose length nobody says end with its connection, as clients of HTTP/1.0 expect."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        endless = False

        async def pass_on(message: Message) -> None:
            nonlocal endless
            if message["type"] == "http.response.start":
                endless = all(name != b"content-length" for name, _ in message["headers"])
                cycle.chunked_encoding = False if endless else None
            elif endless:
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, pass_on)

    return run


class _WebSocket(WebSocketsSansIOProtocol):
    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            # With its refusal the handshake is over, and not left open by the application.
            self.handshake_complete = True

    async def run_asgi(self) -> None:
        self.scope["extensions"][CUT] = {"now": self.transport.abort}
        await super().run_asgi()


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()

    def cut(self) -> None:
        """Cut all connections, which those who answer notice as if the clients had left; cancelled, they would be
        logged as if they had failed.
        """
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
