"""Several servers that are as good as one another, behind one channel."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import grpc
import grpc.aio

_Connectivity = grpc.ChannelConnectivity

_PREFERENCE = (
    _Connectivity.READY,
    _Connectivity.CONNECTING,
    _Connectivity.IDLE,
    _Connectivity.TRANSIENT_FAILURE,
    _Connectivity.SHUTDOWN,
)


class FailoverChannel(grpc.aio.Channel):
    """Sends each call to the server in use, and, when that is not connected, to another one that is.

    It keeps a connection to each, and so changes over at once; each channel looks its own name up again when it
    has lost its server, which gRPC does for one name but not for several. As on any channel, calls that are under
    way when their server goes fail, and so may the first ones, before it is known who answers.
    """

    def __init__(self, channels: Sequence[grpc.aio.Channel]) -> None:
        self._channels = list(channels)

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Make a call of this shape on the best channel now; keep none for later."""
        return self._best().unary_unary(method, *args, **kwargs)

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """See `unary_unary`."""
        return self._best().unary_stream(method, *args, **kwargs)

    def stream_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """See `unary_unary`."""
        return self._best().stream_unary(method, *args, **kwargs)

    def stream_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """See `unary_unary`."""
        return self._best().stream_stream(method, *args, **kwargs)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Tell the state of the best channel."""
        return self._best().get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Wait until the best channel's state is another."""
        while self.get_state() is last_observed_state:
            await self._any([channel.wait_for_state_change(channel.get_state()) for channel in self._channels])

    async def channel_ready(self) -> None:
        """Wait until any of the channels is connected."""
        await self._any([channel.channel_ready() for channel in self._channels])

    async def close(self, grace: float | None = None) -> None:
        """Close all of them."""
        await asyncio.gather(*(channel.close(grace) for channel in self._channels))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _best(self) -> grpc.aio.Channel:
        """Return the channel in use, which is the first, or put a better one there."""
        if self._channels[0].get_state(try_to_connect=True) is not _Connectivity.READY:
            states = {channel: channel.get_state(try_to_connect=True) for channel in self._channels}
            self._channels.sort(key=lambda channel: _PREFERENCE.index(states[channel]))
        return self._channels[0]

    async def _any(self, waits: Sequence[Any]) -> None:
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
