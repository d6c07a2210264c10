"""Carries datagrams of UDP: each client has a session with one backend, as long as either of them speaks.

What cannot be sent at once is dropped, as the network itself would do.
"""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from peapod.proxy.portals import Backend
from peapod.proxy.userspace.balancer import Balancer
from peapod.proxy.userspace.sockets import connected
from peapod.proxy.userspace.tally import Tally

IDLE_SECONDS = 60.0
DATAGRAM_MOST = 64 * 1024
BURST = 64
"""Datagrams that are read in a row before others get their turn."""
SESSIONS_MOST = 4096
"""Of one portal; beyond, the one that was silent longest ends."""

Address = tuple[str, int]


@dataclass(slots=True)
class _Session:
    backend: Backend
    socket: socket.socket
    heard: float
    """By the loop's clock."""


class Datagrams:
    """The sessions at one socket, which it owns from now on. `close` ends them all."""

    def __init__(
        self, found: socket.socket, balancer: Balancer, tally: Tally, *, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._socket = found
        self._balancer = balancer
        self._tally = tally
        self._idle_seconds = idle_seconds
        self._loop = asyncio.get_running_loop()
        self._sessions: OrderedDict[Address, _Session] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        self._loop.add_reader(found, self._from_clients)

    def refresh(self) -> None:
        """End the sessions whose backend is gone; their clients' next datagrams go elsewhere."""
        gone = [client for client, one in self._sessions.items() if one.backend not in self._balancer.backends]
        for client in gone:
            self._end(client)

    def close(self) -> None:
        """End all sessions and let go of the socket."""
        for client in list(self._sessions):
            self._end(client)
        if self._timer:
            self._timer.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _from_clients(self) -> None:
        for _ in range(BURST):
            try:
                data, client = self._socket.recvfrom(DATAGRAM_MOST)
            except BlockingIOError:
                return
            except OSError:
                # Tells of an answer that a client no longer wanted.
                continue
            self._pass_on(client, data)

    def _pass_on(self, client: Address, data: bytes) -> None:
        session = self._sessions.get(client) or self._begin(client)
        if session is None:
            self._tally.dropped_datagrams += 1
            return
        self._touch(client, session)
        try:
            session.socket.send(data)
        except BlockingIOError:
            self._tally.dropped_datagrams += 1
        except OSError:
            # Nobody is there: the client's next datagram goes to whoever is next.
            self._tally.dropped_datagrams += 1
            self._end(client)

    def _begin(self, client: Address) -> _Session | None:
        backend = self._balancer.choose(client[0])
        if backend is None:
            return None
        if len(self._sessions) >= SESSIONS_MOST:
            self._end(next(iter(self._sessions)))
        try:
            found = connected(backend)
        except OSError:
            return None
        session = self._sessions[client] = _Session(backend, found, self._loop.time())
        self._loop.add_reader(found, self._answering(client, session))
        self._tally.sessions += 1
        if self._timer is None:
            self._timer = self._loop.call_later(self._idle_seconds, self._sweep)
        return session

    def _answering(self, client: Address, session: _Session) -> Callable[[], None]:
        def from_backend() -> None:
            for _ in range(BURST):
                try:
                    data = session.socket.recv(DATAGRAM_MOST)
                except BlockingIOError:
                    return
                except OSError:
                    self._end(client)
                    return
                self._touch(client, session)
                self._answer(client, data)

        return from_backend

    def _answer(self, client: Address, data: bytes) -> None:
        try:
            self._socket.sendto(data, client)
        except OSError:
            self._tally.dropped_datagrams += 1

    def _touch(self, client: Address, session: _Session) -> None:
        session.heard = self._loop.time()
        self._sessions.move_to_end(client)

    def _sweep(self) -> None:
        """End the sessions that were silent for too long, and look again when the next one may be."""
        self._timer = None
        while self._sessions:
            client, session = next(iter(self._sessions.items()))
            left = session.heard + self._idle_seconds - self._loop.time()
            if left > 0:
                self._timer = self._loop.call_later(left, self._sweep)
                return
            self._end(client)

    def _end(self, client: Address) -> None:
        session = self._sessions.pop(client)
        self._loop.remove_reader(session.socket)
        session.socket.close()
        self._tally.sessions -= 1
