"""HTTP with nothing between: what was sent, and what came back."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from peapod.common import address as addresses
from tests.support.objects import NONE

SECONDS = 60.0
"""How long a test waits for what has to come."""


class Answer(NamedTuple):
    """One answer, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body as a document."""
        return json.loads(self.body)

    @property
    def media(self) -> str | None:
        """What the body is said to be."""
        return self.headers["Content-Type"]


def ask(address: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] = NONE) -> Answer:
    """Send one request on a connection of its own. A body that is no bytes is sent as JSON, without a Content-Type."""
    host, port = addresses.parse(address)
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, dict(headers))
        found = connection.getresponse()
        return Answer(found.status, found.headers, found.read())
    finally:
        connection.close()


def ask_again(address: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] = NONE) -> Answer:
    """Send a request, as often as the answer says that one may try again, and as late."""
    while (answer := ask(address, method, path, body, headers)).status == 503:
        time.sleep(int(answer.headers["Retry-After"]))
    return answer


@contextmanager
def opened(address: str, data: bytes = b"") -> Iterator[socket.socket]:
    """Connect, and say something."""
    with socket.create_connection(addresses.parse(address), timeout=SECONDS) as connection:
        connection.sendall(data)
        yield connection


def spoken(address: str, data: bytes) -> bytes:
    """Say something, and return all that is answered until the server closes."""
    with opened(address, data) as connection:
        return everything(connection)


def everything(connection: socket.socket) -> bytes:
    """Read until the server closes."""
    pieces = []
    while piece := connection.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


@contextmanager
def watching(address: str, path: str) -> Iterator[http.client.HTTPResponse]:
    """Open a watch, and leave it when the block ends; each line of the answer is an event."""
    host, port = addresses.parse(address)
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        yield answer
    finally:
        connection.close()


def event(answer: http.client.HTTPResponse) -> tuple[str, Any]:
    """Wait for the next event of a watch: its type, and its object."""
    document = json.loads(answer.readline())
    assert list(document) == ["type", "object"]
    return document["type"], document["object"]
