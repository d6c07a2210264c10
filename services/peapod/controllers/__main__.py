"""`peapod controllers`: parse, run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from peapod.common import config, process
from peapod.controllers.config import ControllersConfig
from peapod.controllers.server import serve


def main(argv: Sequence[str] | None = None) -> int:
    """Run the controllers until SIGTERM or SIGINT, and return the exit status."""
    settings = config.load(ControllersConfig, sys.argv[1:] if argv is None else argv, "peapod controllers")
    return process.run(
        partial(serve, settings),
        service="controllers",
        log_format=settings.log_format,
        log_level=settings.log_level,
    )


if __name__ == "__main__":
    sys.exit(main())
