"""`peapod apiserver`: parse, run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from peapod.apiserver.config import ApiserverConfig
from peapod.apiserver.server import serve
from peapod.common import service


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT, and return the exit status."""
    return service.main("apiserver", ApiserverConfig, serve, argv)


if __name__ == "__main__":
    sys.exit(main())
