"""Whether this process could see all the while: what it remembers of silence counts only for as long as it listened."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from peapod.v1.node_service_pb2 import ListNodesRequest
from peapod.v1.node_service_rpc import NodeServiceClient

LOOKS_PER_GRACE = 8
"""How often we look while a node may be silent."""
BLIND_AFTER_LOOKS = 3
"""How many looks must fail before we count as blind."""
ANSWER_SECONDS = 5.0


class Look(enum.Enum):
    """What a look follows on."""

    FIRST = enum.auto()
    AFTER_BLINDNESS = enum.auto()
    NEXT = enum.auto()
    """Another look, not long ago."""


@dataclass(slots=True)
class Sight:
    """Knows when we looked last. All times are seconds of one clock that never goes back.

    Who has not looked for more than `blind_after` seconds was blind: a stopped process, a lost connection, a store
    that was away and could take no heartbeats.
    """

    blind_after: float
    _looked: float | None = None

    def looked(self, now: float) -> Look:
        """Take in that the store answers now."""
        before, self._looked = self._looked, now
        if before is None:
            return Look.FIRST
        return Look.AFTER_BLINDNESS if now - before > self.blind_after else Look.NEXT


async def store_answers(client: NodeServiceClient) -> None:
    """Return when the store answers: where it does, heartbeats can be stored as well. Raises what the apiserver says
    when it does not.
    """
    # An empty list, but read through the store.
    nobody = ListNodesRequest(field_selector="metadata.name=")
    await client.list_nodes(nobody, timeout=ANSWER_SECONDS)
