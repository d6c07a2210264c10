"""How the small processes beside containers are started: with this Python, and nothing but the standard library."""

from __future__ import annotations

import sys
from pathlib import Path

import peapod

ENVIRONMENT = {"PYTHONPATH": str(Path(peapod.__file__).parents[1]), "LC_ALL": "C.UTF-8"}


def python(module: str) -> list[str]:
    """Return the command that runs `main` of a module of this package, to which arguments can be added."""
    # Without site-packages and what they bring, it starts in half the time.
    code = f"from peapod.kubelet.runtime.sandbox.{module} import main; main()"
    return [sys.executable, "-S", "-s", "-P", "-c", code]
