"""The beat at which collectors go about."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from peapod.kubelet.observer import Observer
from peapod.kubelet.runtime.runtime import RuntimeUnavailable


async def every(seconds: float, collect: Callable[[], Awaitable[None]], observer: Observer) -> None:
    """Collect again and again until cancelled, but not while the runtime cannot be reached."""
    while True:
        if observer.available:
            try:
                await collect()
            except RuntimeUnavailable as error:
                observer.doubt(str(error))
        await asyncio.sleep(seconds)
