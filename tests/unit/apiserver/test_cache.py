"""The cache selects what a plain filter would, whatever came before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peapod.apiserver.cache import WIRE, Cache
from peapod.apiserver.resources.pod import strategy
from peapod.apiserver.storage.store import Change, Entry
from peapod.common.watching.selection import Selection
from tests.support.objects import make_pod

STRATEGY = strategy()
LABELS = st.dictionaries(st.sampled_from("ab"), st.sampled_from("xyz"), max_size=2)
EDITS = st.lists(st.tuples(st.integers(0, 5), st.none() | st.tuples(LABELS, st.sampled_from(["", "n1", "n2"]))))
SELECTORS = st.sampled_from(["", "a", "a=x", "a!=x", "a in (x,y)", "a notin (x)", "a=x,b in (y,z)", "a=q"])
FIELDS = st.sampled_from(["", "spec.node_name=n1", "spec.node_name!=", "metadata.name=p1"])


def changes(edits: list[tuple[int, tuple[dict[str, str], str] | None]]) -> list[Change]:
    entries: dict[str, Entry] = {}
    made = []
    for revision, (number, state) in enumerate(edits, start=1):
        key = f"/peapod/pods/default/p{number}"
        if state is None and key not in entries:
            continue
        value = None
        if state is not None:
            value = make_pod(f"p{number}", labels=state[0], node=state[1]).SerializeToString()
        made.append(Change(key, value, revision, entries.pop(key, None)))
        if value is not None:
            entries[key] = Entry(key, value, revision)
    return made


@given(EDITS, SELECTORS, FIELDS)
def test_an_index_changes_nothing_but_the_time(
    edits: list[tuple[int, tuple[dict[str, str], str] | None]], labels: str, fields: str
) -> None:
    cache = Cache(STRATEGY, history=100)
    cache.apply_changes(changes(edits))
    selection = Selection(STRATEGY, "", labels, fields)
    plain = sorted(item.key for item in cache.all() if selection.matches(item))
    assert [item.key for item in cache.select(selection)] == plain


@given(EDITS, SELECTORS, st.integers(0, 20))
def test_a_history_replays_to_the_present(
    edits: list[tuple[int, tuple[dict[str, str], str] | None]], labels: str, start: int
) -> None:
    """What a selection showed at some revision, and the changes since, make what it shows now."""
    history = changes(edits)
    cache = Cache(STRATEGY, history=100)
    selection = Selection(STRATEGY, "", labels, "")
    cache.apply_changes(history[:start])
    reached = history[:start][-1].revision if history[:start] else 0
    seen = {item.key: item.revision for item in cache.select(selection)}
    cache.apply_changes(history[start:])
    cache.advance(len(edits))
    for _, encoded in cache.since(reached, "", selection, WIRE) if reached else ():
        replay(seen, encoded)
    if reached:
        assert seen == {item.key: item.revision for item in cache.select(selection)}


def replay(seen: dict[str, int], encoded: bytes) -> None:
    (change,) = STRATEGY.batch.FromString(encoded).events
    key = f"/peapod/pods/default/{change.pod.metadata.name}"
    added, _, deleted = 1, 2, 3
    if change.type == deleted:
        del seen[key]
    else:
        assert (change.type == added) is (key not in seen)
        seen[key] = change.pod.metadata.resource_version
