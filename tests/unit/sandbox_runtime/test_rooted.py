"""Paths in a foreign root end inside it, whatever its symlinks say."""

from __future__ import annotations

from pathlib import Path

import pytest

from peapod.kubelet.runtime.sandbox.rooted import resolve


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "usr/bin").mkdir(parents=True)
    for name, target in {
        "bin": "usr/bin",
        "absolute": "/usr",
        "climbing": "../../../../../etc",
        "usr/up": "../..",
        "dangling": "/not/there",
        "chain": "absolute/bin",
        "loop": "loop",
    }.items():
        (tmp_path / name).symlink_to(target)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", "/"),
        ("/", "/"),
        ("usr/bin", "/usr/bin"),
        ("//usr/./bin/", "/usr/bin"),
        ("/../../usr", "/usr"),
        ("/usr/bin/../..", "/"),
        ("/bin/sh", "/usr/bin/sh"),
        ("/absolute/x", "/usr/x"),
        ("/climbing/passwd", "/etc/passwd"),
        ("/usr/up/bin", "/usr/bin"),
        ("/dangling/x", "/not/there/x"),
        ("/chain", "/usr/bin"),
        ("/chain/../x", "/usr/x"),
        ("/new/folder", "/new/folder"),
    ],
)
def test_a_path_is_followed_as_inside(root: Path, path: str, found: str) -> None:
    assert resolve(str(root), path) == found


def test_a_link_without_end_is_an_error(root: Path) -> None:
    with pytest.raises(OSError, match="loop"):
        resolve(str(root), "/loop/x")
