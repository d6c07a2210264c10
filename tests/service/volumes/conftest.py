"""Volumes of a node without a kubelet, mounted for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.volumes import no_mounts_left


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """The kubelet's own directory."""
    with no_mounts_left(tmp_path):
        yield tmp_path / "root"
