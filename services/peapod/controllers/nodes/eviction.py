"""Which nodes' pods are to be deleted: the decision, and the memory that it needs.

A node that has not been ready for too long is believed to be lost, and so is one that pods are bound to and that is not
in the store. Silence is only believed where others are heard: when no node is ready, or most went silent together, it
is rather we who are cut off from them. Not all silences show at once, since heartbeats without news are stored only now
and then; so somebody must have been heard since a node stopped being ready before its pods go.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from peapod.controllers.nodes.conditions import is_marked, is_ready, last_heartbeat, ready_condition
from peapod.rules.mirror import is_mirror
from peapod.v1 import node_pb2, pod_pb2


class Doomed(NamedTuple):
    """A node whose pods are to go: its name and uid, which is empty when there is no such node, and how many seconds it
    was waited for.
    """

    name: str
    uid: str
    waited: float

    @property
    def who(self) -> tuple[str, str]:
        """What stays the same of it while it is waited for."""
        return self.name, self.uid

    @property
    def why(self) -> str:
        """Say it in one clause."""
        if not self.uid:
            return f"node {self.name} is not there"
        return f"node {self.name} has not been ready for {self.waited:.0f} s"


@dataclass(slots=True)
class Waits:
    """Since when each node is waited for: `timeout` seconds for one that is not ready, `absence` seconds for one that
    is not there. All times are seconds of one clock that never goes back.
    """

    timeout: float
    absence: float
    _unready: dict[str, float] = field(default_factory=dict)
    _absent: dict[str, float] = field(default_factory=dict)
    _beats: dict[str, int] = field(default_factory=dict)
    """Each node's last heartbeat, by a clock that is compared with nothing but itself."""
    _heard: float = -math.inf
    """When a node that was known already, and is ready, was heard last."""

    def see(self, node: node_pb2.Node, now: float) -> None:
        """Take in a node as it is now."""
        name = node.metadata.name
        self._absent.pop(name, None)
        beat = last_heartbeat(node)
        if is_ready(node):
            self._unready.pop(name, None)
            if self._beats.get(name, beat) != beat:
                self._heard = now
        else:
            self._unready.setdefault(name, now)
        self._beats[name] = beat

    def lose(self, name: str, now: float) -> None:
        """Take in that a node is gone from the store."""
        self._unready.pop(name, None)
        self._beats.pop(name, None)
        self._absent[name] = now

    def anew(self, now: float) -> None:
        """Begin all waits anew, as after a time of blindness."""
        self.not_ready_anew(now)
        self._absent = dict.fromkeys(self._absent, now)

    def not_ready_anew(self, now: float) -> None:
        """The same for the nodes that are there."""
        self._unready = dict.fromkeys(self._unready, now)

    def over(self, nodes: Mapping[str, node_pb2.Node], hosts: Collection[str], now: float) -> list[Doomed]:
        """Choose the nodes that were waited for long enough, by name; `hosts` are those that pods are bound to. One
        that is not ready is waited for until another was heard meanwhile.
        """
        self._absent = {name: self._absent.get(name, now) for name in hosts if name not in nodes}
        unready = [
            Doomed(name, nodes[name].metadata.uid, waited)
            for name, since in self._unready.items()
            if (waited := now - since) > self.timeout and name in nodes and self._heard > since
        ]
        absent = [
            Doomed(name, "", waited) for name, since in self._absent.items() if (waited := now - since) > self.absence
        ]
        return sorted(unready + absent)


class Decision(NamedTuple):
    """The nodes whose pods are to go now, and why none of those that are only not ready is; "" when nothing holds."""

    doomed: list[Doomed]
    held: str


def decide(
    waits: Waits, nodes: Mapping[str, node_pb2.Node], hosts: Collection[str], now: float, together: float
) -> Decision:
    """Choose nodes; `together` is how many seconds may lie between silences that have one cause."""
    held = doubt(nodes.values(), together)
    if held:
        waits.not_ready_anew(now)
    return Decision(waits.over(nodes, hosts, now), held)


def doubt(nodes: Collection[node_pb2.Node], together: float) -> str:
    """Say why silence is not to be believed, "" when it is."""
    ready = sum(map(is_ready, nodes))
    if nodes and not ready:
        return "no node is ready"
    at_once = _most_within(map(_silenced, filter(_fell_silent, nodes)), together)
    return f"{at_once} nodes went silent at the same time, and only {ready} are ready" if at_once > ready else ""


def is_confirmed(doomed: Doomed, node: node_pb2.Node | None) -> bool:
    """Tell whether a node that was read afresh, None where there is none, is as it was when it was chosen."""
    if node is None or not doomed.uid:
        return node is None and not doomed.uid
    return node.metadata.uid == doomed.uid and not is_ready(node)


def victims(doomed: Doomed, pods: Iterable[pod_pb2.Pod]) -> list[pod_pb2.Pod]:
    """Choose of a node's pods those that are to go, by name. Mirrors are their node's to delete, while there is one."""
    chosen = [pod for pod in pods if not (doomed.uid and is_mirror(pod))]
    return sorted(chosen, key=lambda pod: (pod.metadata.namespace, pod.metadata.name))


def _fell_silent(node: node_pb2.Node) -> bool:
    """Only who has spoken can fall silent: a node that was declared, and never came up, tells nothing of the others."""
    condition = ready_condition(node)
    return condition is not None and is_marked(node) and condition.HasField("last_heartbeat_time")


def _silenced(node: node_pb2.Node) -> float:
    """When it was marked, by the clocks of whoever marks nodes: these are compared only with each other."""
    condition = ready_condition(node)
    return condition.last_transition_time.ToNanoseconds() / 1e9 if condition else 0.0


def _most_within(moments: Iterable[float], seconds: float) -> int:
    """Count the most of some moments that lie within so many seconds."""
    ordered, first, most = sorted(moments), 0, 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] > seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
