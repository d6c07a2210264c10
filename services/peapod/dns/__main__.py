"""`peapod dns`: parse, run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from peapod.common import service
from peapod.dns.config import DnsConfig
from peapod.dns.server import serve


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT, and return the exit status."""
    return service.main("dns", DnsConfig, serve, argv)


if __name__ == "__main__":
    sys.exit(main())
