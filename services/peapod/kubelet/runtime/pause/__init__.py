"""The built-in image of network containers: one static program of some two hundred bytes, and nothing else.

The program stands beside its source for each architecture, under the names that container engines give them.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

IMAGE = "peapod/pause:1"
"""The image's name in an engine. A changed program takes a new tag, for engines keep what they have."""

PATH = "/pause"
"""Where the program is in the image."""

_FOLDER = Path(__file__).parent


def program(architecture: str) -> bytes:
    """Return the program for "amd64" or "arm64"; raises LookupError for another architecture."""
    path = _FOLDER / f"pause-{architecture}"
    if not path.is_file():
        raise LookupError(f"there is no built-in network image for {architecture}; name one with --network-image")
    return path.read_bytes()


def root(architecture: str) -> bytes:
    """Return the image's root file system as a tar archive, always the same bytes; raises LookupError."""
    content = program(architecture)
    member = tarfile.TarInfo(PATH.strip("/"))
    member.mode, member.size = 0o755, len(content)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
