"""Sends garbage to a gateway, and holds it to its word: an answer to each, and none that blames the server."""

from __future__ import annotations

import http.client
import json
import socket

from peapod.common import address as addresses
from tests.support.garbage import Attempt

SECONDS = 30.0
"""How long an answer may take before the gateway is said to hang."""
ALLOWED = frozenset({501})
"""What says that something legal is not done here, which is no failure."""


class Attacker:
    """One client. Its connection is kept while that is possible."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection: http.client.HTTPConnection | None = None
        self.answered = 0

    def __enter__(self) -> Attacker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def send(self, attempt: Attempt) -> int:
        """Send one, and return the status; raises AssertionError when it is not answered as it should be.

        What is no HTTP may be answered by closing the connection, which is 0.
        """
        try:
            status = self._sent(attempt)
        except TimeoutError:
            raise AssertionError(f"no answer within {SECONDS:g} s to {attempt}") from None
        except (http.client.HTTPException, ConnectionError):
            self.close()
            status = 0
        self.answered += 1
        assert status < 500 or status in ALLOWED, f"{status} to {attempt}"
        return status

    def _sent(self, attempt: Attempt) -> int:
        connection = self._open()
        connection.putrequest(attempt.method, attempt.target, skip_accept_encoding=True)
        for name, value in attempt.headers.items():
            connection.putheader(name, value.encode("latin-1"))
        chunked = attempt.headers.get("Transfer-Encoding") == "chunked"
        if "Transfer-Encoding" not in attempt.headers:
            connection.putheader("Content-Length", str(len(attempt.body)))
        connection.endheaders(attempt.body, encode_chunked=chunked)
        if chunked and not attempt.body:
            connection.send(b"0\r\n\r\n")
        answer = connection.getresponse()
        self._finish(answer)
        return answer.status

    def _open(self) -> http.client.HTTPConnection:
        if self._connection is None:
            host, port = addresses.parse(self._address)
            self._connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._connection

    def _finish(self, answer: http.client.HTTPResponse) -> None:
        """Read an answer to its end; a watch, which has none, is left."""
        if answer.status == 101 or (answer.status == 200 and answer.getheader("Content-Type") is None):
            self.close()
            return
        body = answer.read()
        if body and answer.getheader("Content-Type") == "application/json" and not answer.getheader("Content-Encoding"):
            json.loads(body)
        if answer.will_close:
            self.close()
