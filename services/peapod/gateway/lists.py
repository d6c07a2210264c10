"""Whole lists that are asked for again and again: joined once, as long as nothing changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from peapod.gateway.answers import LongAnswer

KEEP_BYTES = 32 << 20
"""How much is kept of one kind's lists."""


class _Asked(NamedTuple):
    latest: int
    body: bytes
    """Empty until the list was asked for twice."""


class Lists:
    """Lists of one kind by what they are of. A list holds until the kind's latest change is another."""

    def __init__(self) -> None:
        self._asked: OrderedDict[Hashable, _Asked] = OrderedDict()
        self._bytes = 0

    def get(self, of: Hashable, latest: int) -> bytes | None:
        """Return a list that still holds."""
        known = self._asked.get(of)
        if known is None or known.latest != latest or not known.body:
            return None
        self._asked.move_to_end(of)
        return known.body

    def asked(self, of: Hashable, latest: int, answer: LongAnswer) -> None:
        """Remember that a list was asked for; the second time at the same change, keep it whole."""
        known = self._asked.pop(of, None)
        self._bytes -= len(known.body) if known else 0
        again = known is not None and known.latest == latest and answer.size <= KEEP_BYTES
        body = answer.whole() if again else b""
        self._asked[of] = _Asked(latest, body)
        self._bytes += len(body)
        while self._bytes > KEEP_BYTES or len(self._asked) > 1000:
            _, (_, gone) = self._asked.popitem(last=False)
            self._bytes -= len(gone)
