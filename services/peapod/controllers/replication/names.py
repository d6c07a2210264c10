"""How the pods of a replication controller are called: the same wish always comes to the same names.

A controller has places, numbered from 0, and each place has one name for as long as the controller lives. Whoever fills
the first free places up to a count, however old its picture, can fill none beyond: the name of a place that somebody
else has filled meanwhile is taken.
"""

from __future__ import annotations

import hashlib
import itertools
import string
from collections.abc import Callable, Iterator
from functools import lru_cache

from peapod.rules.metadata import DRAWN, PREFIX_KEPT
from peapod.v1.replication_controller_pb2 import ReplicationController

_LETTERS = string.ascii_lowercase + string.digits


def free_names(controller: ReplicationController, taken: Callable[[str], bool]) -> Iterator[str]:
    """Name the controller's places that are free, without end."""
    prefix, uid = f"{controller.metadata.name}-"[:PREFIX_KEPT], controller.metadata.uid
    names = (prefix + _suffix(uid, place) for place in itertools.count())
    return (name for name in names if not taken(name))


@lru_cache(1 << 16)
def _suffix(uid: str, place: int) -> str:
    number = int.from_bytes(hashlib.sha256(f"{uid}/{place}".encode()).digest()[:8])
    letters = []
    for _ in range(DRAWN):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(letters)
