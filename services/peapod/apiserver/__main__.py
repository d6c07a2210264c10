"""`peapod apiserver`: parse, run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from peapod.apiserver.config import ApiserverConfig
from peapod.apiserver.server import serve
from peapod.common import config, process


def main(argv: Sequence[str] | None = None) -> int:
    """Run the apiserver until SIGTERM or SIGINT, and return the exit status."""
    settings = config.load(ApiserverConfig, sys.argv[1:] if argv is None else argv, "peapod apiserver")
    return process.run(
        partial(serve, settings),
        service="apiserver",
        log_format=settings.log_format,
        log_level=settings.log_level,
    )


if __name__ == "__main__":
    sys.exit(main())
