"""Print what pyproject.toml requires, a requirement a line: of all services, and with --build of their build too.

Needs no package, so that an image can install the dependencies in a layer that outlives changes of the code.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def requirements(pyproject: Path, *, build: bool) -> list[str]:
    """Read the requirements; extras that only name other extras of the project add nothing of their own."""
    document = tomllib.loads(pyproject.read_text())
    project = document["project"]
    found = list(project["dependencies"])
    for extra, needed in project["optional-dependencies"].items():
        if extra != "dev":
            found += [item for item in needed if not item.startswith(f"{project['name']}[")]
    return found + (document["build-system"]["requires"] if build else [])


if __name__ == "__main__":
    print("\n".join(requirements(Path(sys.argv[1]), build="--build" in sys.argv[2:])))
