"""One simulated node: the kubelet's own parts on a hollow runtime, which share what costs with the other nodes.

Its own are the dispatcher, a worker for each pod, the plans, volumes, statuses and heartbeats. Of one watch on pods
and one on services, one reporter of statuses and one recorder of events all nodes have a share. It serves no logs,
commands or ports, collects no garbage and has no static pods.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from peapod.common.errors import Violation
from peapod.common.events import Record
from peapod.kubelet.config import KubeletConfig
from peapod.kubelet.dispatch import Dispatcher
from peapod.kubelet.garbage.image_use import ImageUse
from peapod.kubelet.hands import Hands
from peapod.kubelet.health.care import Clinic
from peapod.kubelet.health.handlers import Handlers
from peapod.kubelet.health.prober import Turns
from peapod.kubelet.instance_files import InstanceFiles
from peapod.kubelet.mirrors import Mirrors
from peapod.kubelet.node.heartbeat import Heartbeat
from peapod.kubelet.node.labels import NodeLabels
from peapod.kubelet.node.machine import Machine
from peapod.kubelet.node.network import Network
from peapod.kubelet.node.report import Identity, allocatable, capacity
from peapod.kubelet.observer import Observer
from peapod.kubelet.runtime.hollow import HollowRuntime
from peapod.kubelet.services import Services
from peapod.kubelet.simulated.pods import NodePods
from peapod.kubelet.status_reporter import StatusReporter
from peapod.kubelet.volumes.empty_dir import EmptyDir
from peapod.kubelet.volumes.volumes import Volumes
from peapod.kubelet.worker import Surroundings
from peapod.v1 import pod_pb2
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_rpc import PodServiceClient

HOST_IP = "127.0.0.1"


@dataclass(frozen=True)
class Shared:
    """What all simulated nodes use together."""

    pods: PodServiceClient
    nodes: NodeServiceClient
    reporter: StatusReporter
    record: Record
    services: Services
    machine: Machine


class SimulatedNode:
    """A node that has its pods from a share of all pods. `loops` are to be run."""

    def __init__(self, config: KubeletConfig, shared: Shared, source: NodePods) -> None:
        runtime, root = HollowRuntime(), Path(config.root_dir)
        observer = Observer(runtime)
        labels = NodeLabels(shared.nodes, config.node_name, config.node_labels())
        mirrors = Mirrors(shared.pods, config.node_name, source, [])
        volumes = Volumes(root, [EmptyDir()])
        network = _network(config)
        total = capacity(config, shared.machine)
        takes = allocatable(config, total)
        who = Identity(config.node_name, config.node_labels(), total, takes, HOST_IP, "", shared.machine)

        def violations(of: str, pod: pod_pb2.Pod) -> list[Violation]:
            return [*runtime.refusals(pod), *volumes.refusals(pod), *network.refusals(of, pod)]

        dispatcher = Dispatcher(
            [source],
            volumes,
            _surroundings(root, runtime, observer, volumes, network, shared),
            allocatable=takes,
            violations=violations,
            labels=labels,
            mirrors=mirrors,
            needs_network=runtime.network_container,
        )
        heartbeat = Heartbeat(shared.nodes, who, runtime, observer, source, config.heartbeat_seconds)
        self.loops: dict[str, Callable[[], Awaitable[None]]] = {
            "runtime observer": observer.run,
            "pod dispatcher": dispatcher.run,
            "node labels": labels.run,
            "heartbeat": heartbeat.run,
        }


def _surroundings(
    root: Path, runtime: HollowRuntime, observer: Observer, volumes: Volumes, network: Network, shared: Shared
) -> Surroundings:
    handlers, files = Handlers(runtime, HOST_IP), InstanceFiles(root)
    hands = Hands(runtime, volumes, network, shared.record, ImageUse(), handlers, files, shared.services)
    clinic = Clinic(handlers, Turns(), files, hands.tell)
    return Surroundings(observer, hands, shared.reporter, clinic, HOST_IP, runtime.scheme)


def _network(config: KubeletConfig) -> Network:
    return Network(
        config.cluster_dns,
        config.cluster_domain,
        config.host_network_sources,
        Path(config.resolv_conf),
        isolating=False,
    )
