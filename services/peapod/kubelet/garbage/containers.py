"""Which dead containers of finished pods are too many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peapod.kubelet.runtime.runtime import Observed


def superfluous(
    dead: Iterable[Observed], seconds_dead: Mapping[str, float], *, age: float, most: int
) -> list[Observed]:
    """Pick those to remove so that at most `most` are left, the oldest first; one that was not seen dead for `age`
    seconds yet is spared for now.

    `seconds_dead` is by id, and measured by a clock that nobody sets.
    """
    oldest_first = sorted(dead, key=lambda one: ((one.finished_at or one.created_at), one.id))
    surplus = oldest_first[: max(0, len(oldest_first) - most)]
    return [one for one in surplus if seconds_dead[one.id] >= age]
