"""Decisions per second of the scheduler's pure core, parsing of the pods included, without an apiserver."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

from peapod.scheduler.planner import Planner
from peapod.v1 import node_pb2, pod_pb2
from tests.bench.report import Line
from tests.support.objects import make_node, make_pod

PODS = 5000
BATCH = 200


async def measure(_folder: Path) -> AsyncIterator[Line]:
    """Decide on as many pods with few nodes and with many."""
    for nodes in (100, 500):
        yield Line(f"decisions/s with {nodes} nodes", decisions_per_second(nodes, PODS))


def decisions_per_second(nodes: int, pods: int) -> float:
    """Parse the nodes and the pods and give every pod a node.

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
    decided, more = 0, True
    while more:
        plan = planner.decide(BATCH)
        decided, more = decided + len(plan.decisions), plan.more
    if decided != pods:
        raise RuntimeError(f"only {decided} of {pods} pods fitted")
    return pods / (time.perf_counter() - started)


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
