"""How fast the scheduler thinks: decisions per second of its pure core, from pods and nodes as the wire brings them."""

from __future__ import annotations

import time
from random import Random
from typing import NamedTuple

from peapod.scheduler.planner import Planner
from peapod.v1 import node_pb2, pod_pb2
from tests.support.objects import make_node, make_pod

BATCH = 200


class Decisions(NamedTuple):
    """What was measured, and on how much."""

    nodes: int
    pods: int
    per_second: float


def decide_all(nodes: int = 100, pods: int = 5000) -> Decisions:
    """Parse the nodes and the pods and give every pod a node; the time counts all of that.

    One pod in ten wants a host port, one in five a node selector, and all want cpu and memory.
    """
    node_bytes = [_node(number).SerializeToString() for number in range(nodes)]
    pod_bytes = [_pod(number).SerializeToString() for number in range(pods)]
    planner = Planner(Random(1))
    started = time.perf_counter()
    for data in node_bytes:
        planner.node_changed(node_pb2.Node.FromString(data))
    for data in pod_bytes:
        planner.pod_changed(pod_pb2.Pod.FromString(data))
    decided = 0
    more = True
    while more:
        plan = planner.decide(BATCH)
        decided, more = decided + len(plan.decisions), plan.more
    took = time.perf_counter() - started
    if decided != pods:
        raise RuntimeError(f"only {decided} of {pods} pods fitted")
    return Decisions(nodes, pods, pods / took)


def _node(number: int) -> node_pb2.Node:
    return make_node(f"node-{number:03}", cpu="64", memory="256Gi", pods="1000", labels={"zone": f"z{number % 2}"})


def _pod(number: int) -> pod_pb2.Pod:
    return make_pod(
        f"pod-{number:05}",
        cpu="100m",
        memory="64Mi",
        ports=[8000 + number // 10 % 100] if number % 10 == 0 else [],
        labels={"app": f"app-{number % 50}"},
        selector={"zone": "z1"} if number % 5 == 0 else {},
    )


if __name__ == "__main__":
    for count in (100, 500):
        print("{} nodes, {} pods: {:.0f} decisions/s".format(*decide_all(count)))
