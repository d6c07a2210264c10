"""How every service's process begins: parse, run."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, TypeVar

from peapod.common import config, process

C = TypeVar("C", bound=config.ServiceConfig)


def main(
    name: str,
    settings_of: type[C],
    serve: Callable[[C, asyncio.Event], Coroutine[Any, Any, None]],
    argv: Sequence[str] | None = None,
) -> int:
    """Run a service until SIGTERM or SIGINT, with its settings from `argv` or the command line; the exit status."""
    settings = config.load(settings_of, sys.argv[1:] if argv is None else argv, f"peapod {name}")
    return process.run(
        partial(serve, settings),
        service=name,
        log_format=settings.log_format,
        log_level=settings.log_level,
    )
