"""`make bench`: every measure in one run, each held against the project's aim. Exit 1 when one is missed.

`python -m tests.bench calls fanout` runs only those.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import tempfile
from pathlib import Path

SECTIONS = (
    "calls",
    "stores",
    "listing",
    "fanout",
    "http",
    "http_fanout",
    "scheduling",
    "binds",
    "starts",
    "density",
    "fuzz",
)


async def main(sections: list[str]) -> int:
    """Run the sections and print their lines as they come."""
    missed = 0
    for section in sections:
        module = importlib.import_module(f"tests.bench.{section}")
        print(f"\n{section}: {(module.__doc__ or '').strip().splitlines()[0]}", flush=True)
        with tempfile.TemporaryDirectory(prefix="peapod-bench-") as folder:
            async for line in module.measure(Path(folder)):
                print(f"  {line}", flush=True)
                missed += line.missed
    print(f"\n{missed} missed" if missed else "\nall aims met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:] or list(SECTIONS))))
