"""A state directory has one user at a time, and no remains of the one before."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from peapod.common.errors import Unavailable
from peapod_cli import occupancy
from peapod_cli.occupancy import sole_user


def test_a_second_user_is_kept_out_at_once_and_let_in_afterwards(tmp_path: Path) -> None:
    with sole_user(tmp_path), pytest.raises(Unavailable, match="in use by another"), sole_user(tmp_path):
        pass
    with sole_user(tmp_path):
        pass


def test_the_next_user_waits_for_what_the_last_one_has_left(tmp_path: Path) -> None:
    with sole_user(tmp_path) as inherited:
        left = os.dup(inherited)
    entered = threading.Event()

    def enter() -> None:
        with sole_user(tmp_path):
            entered.set()

    waiting = threading.Thread(target=enter)
    waiting.start()
    try:
        assert not entered.wait(0.2)
    finally:
        os.close(left)
        waiting.join()
    assert entered.is_set()


def test_what_never_leaves_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occupancy, "LEAVE_SECONDS", 0.05)
    with sole_user(tmp_path) as inherited:
        left = os.dup(inherited)
    try:
        with pytest.raises(Unavailable, match="are still there"), sole_user(tmp_path):
            pass
    finally:
        os.close(left)
