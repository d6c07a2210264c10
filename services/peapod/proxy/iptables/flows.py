"""Which of the kernel's UDP flows lead astray after a change.

A client's datagrams follow its first one for as long as they keep coming, wherever the rules lead by now. What TCP
has open ends by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from peapod.proxy.portals import Backend, Place, Portal


class Flow(NamedTuple):
    """The flows to a place that lead to one backend's address, or, without one, all of them."""

    place: Place
    backend: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Say so to conntrack."""
        place = ("-p", self.place.protocol, "--orig-dst", self.place.address, "--orig-port-dst", str(self.place.port))
        return (*place, "--dst-nat", self.backend) if self.backend else place


def stale(before: Sequence[Portal], after: Sequence[Portal]) -> Iterator[Flow]:
    """Find the flows to end: those to backends that are gone, and all of a place that nobody answered for, or nobody
    answers for now.
    """
    old, new = _answering(before), _answering(after)
    for place in sorted(old.keys() | new.keys()):
        had, has = old.get(place), new.get(place)
        if had and has:
            yield from (Flow(place, address) for address in sorted({one.address for one in had - has}))
        elif had or has:
            yield Flow(place)


def _answering(portals: Iterable[Portal]) -> dict[Place, set[Backend]]:
    return {place: set(portal.backends) for portal in portals if portal.protocol == "udp" for place in portal.places}
