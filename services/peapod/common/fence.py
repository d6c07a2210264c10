"""Says with every write on whose behalf it is, so that one that was overtaken does no harm.

A leader that was paused and has woken up goes on where it was. The apiserver refuses what it asks for then: the lease
that its calls name has had another holder since.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self

import grpc
import grpc.aio

from peapod.common import names
from peapod.common.errors import Invalid, Violation

KEY = "peapod-fence"
"""The metadata that names a lease and how often it had changed hands: LEASE/TRANSITIONS."""

REASON = "FENCED"
"""Why a write is refused (ABORTED) when the lease has had another holder since."""


_COUNT = re.compile(r"[0-9]{1,10}")


class Fence(NamedTuple):
    """What a token says: a lease, and how often it had changed hands when the writer took it."""

    lease: str
    transitions: int

    @classmethod
    def parse(cls, token: str) -> Fence:
        """Read a token. Raises `Invalid`."""
        lease, _, count = token.rpartition("/")
        if names.dns_subdomain_problem(lease) or not _COUNT.fullmatch(count):
            problem = f"must be the name of a lease and its transitions, such as scheduler/3, not {token[:100]!r}"
            raise Invalid(f"{KEY} {problem}", [Violation(KEY, problem)])
        return cls(lease, int(count))

    def __str__(self) -> str:
        return f"{self.lease}/{self.transitions}"


def fenced(channel: grpc.aio.Channel, token: Callable[[], str]) -> grpc.aio.Channel:
    """Make a channel whose calls, streams apart, carry the token as it is when they start; an empty one is left out.

    Closing it closes the channel beneath.
    """
    return _FencedChannel(channel, token)


class _FencedChannel(grpc.aio.Channel):
    def __init__(self, channel: grpc.aio.Channel, token: Callable[[], str]) -> None:
        self._channel = channel
        self._token = token

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        call = self._channel.unary_unary(method, *args, **kwargs)

        def start(request: Any, *, timeout: float | None = None) -> Any:
            token = self._token()
            return call(request, timeout=timeout, metadata=((KEY, token),) if token else None)

        return start

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._channel.unary_stream(method, *args, **kwargs)

    def stream_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._channel.stream_unary(method, *args, **kwargs)

    def stream_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._channel.stream_stream(method, *args, **kwargs)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._channel.channel_ready()

    async def close(self, grace: float | None = None) -> None:
        await self._channel.close(grace)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
