"""What is told of nodes besides their silence: that one is there, again or for the first time, or was started anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from peapod.controllers.nodes.conditions import is_ready
from peapod.v1 import node_pb2


class News(NamedTuple):
    """What happened to a node: one word, and one sentence."""

    node: node_pb2.Node
    reason: str
    message: str


class _Known(NamedTuple):
    uid: str
    ready: bool
    boot: str


@dataclass(slots=True)
class Chronicle:
    """How each node was at the last look; at the first one nothing is news."""

    _before: dict[str, _Known] | None = field(default=None)

    def look(self, nodes: Iterable[node_pb2.Node]) -> list[News]:
        """Take in all nodes as they are now, and tell what is new."""
        found = [(node, _known(node)) for node in nodes]
        before, self._before = self._before, {node.metadata.name: known for node, known in found}
        if before is None:
            return []
        return [news for node, known in found for news in _news(node, before.get(node.metadata.name), known)]


def _known(node: node_pb2.Node) -> _Known:
    return _Known(node.metadata.uid, is_ready(node), node.status.node_info.boot_id)


def _news(node: node_pb2.Node, old: _Known | None, new: _Known) -> list[News]:
    name, told = node.metadata.name, []
    same = old if old and old.uid == new.uid else None
    if same and same.boot and new.boot and same.boot != new.boot:
        told.append(News(node, "rebooted", f"node {name} was rebooted, boot id {new.boot}"))
    if new.ready and not (same and same.ready):
        told.append(News(node, "online", f"node {name} is ready"))
    return told
