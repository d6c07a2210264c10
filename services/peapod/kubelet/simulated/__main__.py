"""`python -m peapod.kubelet.simulated`: parse, run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from peapod.common import service
from peapod.kubelet.simulated.config import SimulatedConfig
from peapod.kubelet.simulated.server import serve


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT, and return the exit status."""
    return service.main("simulated-nodes", SimulatedConfig, serve, argv)


if __name__ == "__main__":
    sys.exit(main())
