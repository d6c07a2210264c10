"""The window of recent changes against the whole history that it is the end of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peapod.apiserver.storage.recent import Recent
from peapod.apiserver.storage.store import Change

COMMITS = st.lists(st.integers(1, 6), max_size=60)
"""How many changes each revision has."""


def _history(commits: list[int]) -> list[list[Change]]:
    return [
        [Change(f"/peapod/{'ab'[i % 2]}/{i}", b"x" * i, revision, None) for i in range(size)]
        for revision, size in enumerate(commits, start=2)
    ]


@given(COMMITS, st.integers(1, 20), st.integers(1, 60), st.integers(1, 9), st.sampled_from(["/peapod/", "/peapod/b/"]))
def test_walking_from_anywhere_in_the_window_sees_all_that_follows(
    commits: list[int], most_changes: int, most_bytes: int, most: int, prefix: str
) -> None:
    history = _history(commits)
    recent = Recent(1, most_changes, most_bytes)
    for changes in history:
        recent.append(changes)
    newest = len(history) + 1
    for after in range(recent.start, newest):
        seen, reached = [], after
        while reached < newest:
            batch = recent.since(reached, newest, prefix, most)
            assert batch.revision > reached
            seen += batch.changes
            reached = batch.revision
        assert reached == newest
        assert seen == [c for changes in history for c in changes if c.revision > after and c.key.startswith(prefix)]


@given(COMMITS, st.integers(1, 20))
def test_the_window_is_bounded(commits: list[int], most_changes: int) -> None:
    recent = Recent(1, most_changes)
    for changes in _history(commits):
        recent.append(changes)
        newest = changes[-1].revision
        assert len(recent.since(recent.start, newest, "", 10_000).changes) <= 2 * most_changes


def test_nothing_follows_the_newest() -> None:
    recent = Recent(5)
    assert recent.since(5, 5, "", 10) == recent.since(5, 5, "/peapod/", 1)
    assert recent.since(5, 5, "", 10).revision == 5
