"""`peapod proxy`: parse, run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from peapod.common import config, process
from peapod.proxy.config import ProxyConfig
from peapod.proxy.server import serve


def main(argv: Sequence[str] | None = None) -> int:
    """Run the proxy until SIGTERM or SIGINT, and return the exit status."""
    settings = config.load(ProxyConfig, sys.argv[1:] if argv is None else argv, "peapod proxy")
    return process.run(
        partial(serve, settings),
        service="proxy",
        log_format=settings.log_format,
        log_level=settings.log_level,
    )


if __name__ == "__main__":
    sys.exit(main())
