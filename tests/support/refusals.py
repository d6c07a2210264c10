"""What a server says when it does not do what it is asked."""

from __future__ import annotations

from collections.abc import Awaitable

import grpc
import pytest

from peapod.common import errors


async def refusal(call: Awaitable[object]) -> errors.PeapodError:
    """Await a call that fails, and return the error as the server raised it."""
    with pytest.raises(grpc.RpcError) as caught:
        await call
    return errors.from_rpc(caught.value)
