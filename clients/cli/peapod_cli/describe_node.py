"""A node for people: what it is, what it has, and who takes how much of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from peapod.common.kinds import POD
from peapod_cli import columns, words
from peapod_cli.calls import Connection
from peapod_cli.sections import Lines, pairs, section, truth
from peapod_cli.table import Row

if TYPE_CHECKING:
    from peapod.v1.node_pb2 import Node
    from peapod.v1.pod_pb2 import Pod

_MEBIBYTE = 1 << 20


def lines(node: Node, connection: Connection) -> Lines:
    """Say it all, with what the pods on it ask for."""
    info = node.status.node_info
    yield from pairs(
        ("Name:", node.metadata.name),
        ("Labels:", words.labels(node.metadata.labels)),
        ("Status:", columns.node_status(node)),
        ("Addresses:", ",".join(dict.fromkeys(entry.address for entry in node.status.addresses))),
        ("Capacity:", words.labels(node.status.capacity)),
        ("Allocatable:", words.labels(node.status.allocatable)),
        ("Kernel Version:", info.kernel_version),
        ("OS Image:", info.os_image),
        ("Container Runtime:", info.container_runtime_version),
        ("Kubelet Version:", info.kubelet_version),
        ("Created:", words.moment(node.metadata.creation_timestamp)),
    )
    rows = [
        (entry.type, truth(entry.status), words.moment(entry.last_transition_time), entry.reason, entry.message)
        for entry in node.status.conditions
    ]
    yield from section("Conditions:", ("TYPE", "STATUS", "LAST TRANSITION", "REASON", "MESSAGE"), rows)
    pods = list(connection.of(POD).list("", fields=f"spec.node_name={node.metadata.name}").items)
    heads = ("NAMESPACE", "NAME", "STATUS", "CPU", "MEMORY")
    yield from section(f"Pods: ({len(pods)} in total)", heads, [_pod(pod) for pod in pods])
    yield from section("Taken:", ("RESOURCE", "TAKEN", "OF", "PART"), taken(node, pods))


def _pod(pod: Pod) -> Row:
    cpu, memory = asked(pod)
    return (pod.metadata.namespace, pod.metadata.name, columns.pod_phase(pod), _cpu(cpu), _memory(memory))


def taken(node: Node, pods: Sequence[Pod]) -> list[Row]:
    """Sum what the pods that are not over ask for, beside what pods may take in all; as the scheduler counts."""
    from peapod.v1 import pod_pb2

    over = (pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED)
    staying = [pod for pod in pods if pod.status.phase not in over]
    amounts = [asked(pod) for pod in staying]
    sums = {"cpu": sum(cpu for cpu, _ in amounts), "memory": sum(memory for _, memory in amounts)}
    sums["pods"] = len(staying)
    room = node.status.allocatable or node.status.capacity
    return [_resource(name, sums[name], room[name]) for name in sums if name in room]


def _resource(name: str, amount: int, room: str) -> Row:
    from peapod.common import demand

    of = demand.milli(room) if name == "cpu" else demand.whole(room)
    said = {"cpu": _cpu, "memory": _memory}.get(name, str)
    return (name, said(amount), said(of), f"{100 * amount // of} %" if of else "")


def asked(pod: Pod) -> tuple[int, int]:
    """Tell what a pod asks for: thousandths of a core, and bytes."""
    from peapod.common.demand import Demand

    try:
        demand = Demand.of(pod)
    except ValueError:
        return 0, 0
    return demand.cpu, demand.memory


def _cpu(thousandths: int) -> str:
    return f"{thousandths / 1000:g}"


def _memory(size: int) -> str:
    return f"{size / _MEBIBYTE:g}Mi" if size else "0"
