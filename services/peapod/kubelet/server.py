"""Wires the kubelet: runtime, volumes, sources, workers, reports, RPCs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import grpc

from peapod.common import kinds, process
from peapod.common.channel import open_channel
from peapod.common.errors import Violation
from peapod.common.events import Recorder
from peapod.common.follower import source_of
from peapod.common.informer import Informer
from peapod.common.rpc import Guard
from peapod.common.server import Server
from peapod.kubelet.checkpoint import Checkpoint
from peapod.kubelet.config import KubeletConfig
from peapod.kubelet.dispatch import Dispatcher
from peapod.kubelet.garbage.container_collector import ContainerCollector
from peapod.kubelet.garbage.image_collector import ImageCollector
from peapod.kubelet.garbage.image_use import ImageUse
from peapod.kubelet.hands import Hands
from peapod.kubelet.health.care import Clinic
from peapod.kubelet.health.handlers import Handlers
from peapod.kubelet.health.prober import Turns
from peapod.kubelet.instance_files import InstanceFiles
from peapod.kubelet.lock import sole_user
from peapod.kubelet.mirror_events import of_mirrors
from peapod.kubelet.mirrors import Mirrors
from peapod.kubelet.node.heartbeat import Heartbeat
from peapod.kubelet.node.labels import NodeLabels
from peapod.kubelet.node.machine import Machine, address_of
from peapod.kubelet.node.network import Network
from peapod.kubelet.node.report import Identity, allocatable, capacity
from peapod.kubelet.observer import Observer
from peapod.kubelet.runtime.open import open_runtime
from peapod.kubelet.runtime.runtime import Runtime
from peapod.kubelet.servicer import Kubelet as KubeletServicer
from peapod.kubelet.services import Services
from peapod.kubelet.sources.apiserver import ApiserverSource
from peapod.kubelet.sources.open import open_static
from peapod.kubelet.status_reporter import StatusReporter
from peapod.kubelet.volumes.disks.open import open_disks
from peapod.kubelet.volumes.empty_dir import EmptyDir
from peapod.kubelet.volumes.git_repo import GitRepo
from peapod.kubelet.volumes.host_path import HostPath
from peapod.kubelet.volumes.nfs import Nfs
from peapod.kubelet.volumes.persistent_disk import PersistentDisk
from peapod.kubelet.volumes.secret import Secret
from peapod.kubelet.volumes.volume import VolumeKind
from peapod.kubelet.volumes.volumes import Volumes
from peapod.kubelet.worker import Surroundings
from peapod.v1 import kubelet_service_rpc, meta_pb2, pod_pb2
from peapod.v1.event_service_rpc import EventServiceClient
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod.v1.secret_service_rpc import SecretServiceClient
from peapod.v1.service_pb2 import Service


class Kubelet:
    """One node's kubelet on a runtime that the caller owns. `start` once, `stop` once; containers run on.

    `host_ip` is the address by which others reach the node.
    """

    def __init__(self, config: KubeletConfig, runtime: Runtime, host_ip: str) -> None:
        self._config = config
        self._runtime = runtime
        self._host_ip = host_ip
        self._channel = open_channel(config.apiserver)
        pods, events = PodServiceClient(self._channel), EventServiceClient(self._channel)
        root = Path(config.root_dir)
        self._volumes = Volumes(root, self._kinds(root))
        self._recorder = Recorder(events, "kubelet", config.node_name)
        self._observer = Observer(runtime)
        self._image_use = ImageUse()
        self._source = ApiserverSource(pods, config.node_name, Checkpoint(root / "revision"), self._busy)
        self._static = open_static(config, self._recorder.record)
        self._mirrors = Mirrors(pods, config.node_name, self._source, self._static)
        self._reporter = StatusReporter(pods, self._mirrors.shown_as)
        nodes = NodeServiceClient(self._channel)
        self._labels = NodeLabels(nodes, config.node_name, config.node_labels())
        self._capacity = capacity(config, Machine.read())
        self._allocatable = allocatable(config, self._capacity)
        self._network = self._make_network()
        self._services: Informer[Service] = Informer(
            source_of(kinds.SERVICE, kinds.SERVICE.client(self._channel)), name="services"
        )
        self._dispatcher = self._make_dispatcher()
        self._tasks: list[asyncio.Task[None]] = []
        self.server = Server(
            config.address,
            "kubelet",
            self._handlers,
            [kubelet_service_rpc.DESCRIPTOR.full_name],
            allow_insecure=config.allow_insecure,
            metrics_address=config.metrics_address,
        )

    async def start(self) -> None:
        """Serve, then follow the apiserver and the runtime; neither needs to be there yet."""
        await self.server.start()
        for source in self._static:
            await source.load()
        loops = {
            "runtime observer": self._observer.run,
            "pod dispatcher": self._dispatcher.run,
            "apiserver source": self._source.run,
            **{f"{source.name} source": source.run for source in self._static},
            "mirrors": self._mirrors.run,
            "node labels": self._labels.run,
            "services": self._services.run,
            "status reporter": self._reporter.run,
            "event recorder": self._recorder.run,
            "heartbeat": self._make_heartbeat().run,
            "container collector": self._make_container_collector().run,
            "image collector": self._make_image_collector().run,
        }
        self._tasks = [process.spawn(run, name) for name, run in loops.items()]

    async def stop(self) -> None:
        """Stop serving and following."""
        await self.server.stop()
        await process.end(*self._tasks)
        await self._channel.close()

    def _kinds(self, root: Path) -> list[VolumeKind]:
        disks = open_disks(self._config.disks, self._config.node_name, root)
        secret = Secret(SecretServiceClient(self._channel))
        return [EmptyDir(), HostPath(), GitRepo(), secret, Nfs(), PersistentDisk(root, disks)]

    def _make_dispatcher(self) -> Dispatcher:
        handlers = Handlers(self._runtime, self._host_ip)
        files = InstanceFiles(Path(self._config.root_dir))
        record = of_mirrors(self._recorder.record, self._mirrors)
        services = Services(self._services)
        hands = Hands(self._runtime, self._volumes, self._network, record, self._image_use, handlers, files, services)
        clinic = Clinic(handlers, Turns(), files, hands.tell)
        around = Surroundings(self._observer, hands, self._reporter, clinic, self._host_ip, self._runtime.scheme)
        return Dispatcher(
            [self._source, *self._static],
            self._volumes,
            around,
            allocatable=self._allocatable,
            violations=self._violations,
            labels=self._labels,
            mirrors=self._mirrors,
            needs_network=self._runtime.network_container,
        )

    def _violations(self, source: str, pod: pod_pb2.Pod) -> list[Violation]:
        return [*self._runtime.refusals(pod), *self._volumes.refusals(pod), *self._network.refusals(source, pod)]

    def _make_network(self) -> Network:
        config = self._config
        return Network(
            config.cluster_dns,
            config.cluster_domain,
            config.host_network_sources,
            Path(config.resolv_conf),
            isolating=self._runtime.network_container,
        )

    def _make_heartbeat(self) -> Heartbeat:
        config = self._config
        who = Identity(
            config.node_name,
            config.node_labels(),
            self._capacity,
            self._allocatable,
            self._host_ip,
            config.advertise_address or self.server.address,
            Machine.read(),
        )
        nodes = NodeServiceClient(self._channel)
        return Heartbeat(nodes, who, self._runtime, self._observer, self._source, config.heartbeat_seconds)

    def _make_container_collector(self) -> ContainerCollector:
        config = self._config
        return ContainerCollector(
            self._runtime,
            self._observer,
            self._dispatcher.goals,
            seconds=config.container_gc_seconds,
            age=config.container_gc_age_seconds,
            most=config.dead_containers,
        )

    def _make_image_collector(self) -> ImageCollector:
        config = self._config
        node = meta_pb2.ObjectReference(kind="Node", name=config.node_name)
        return ImageCollector(
            self._runtime,
            self._observer,
            self._dispatcher.goals,
            self._image_use,
            partial(self._recorder.record, node),
            seconds=config.image_gc_seconds,
            high=config.image_gc_high_percent,
            low=config.image_gc_low_percent,
        )

    def _busy(self) -> bool:
        """Tell whether there may be anything here of a pod that only an apiserver knows."""
        static = {uid for source in self._static for uid in source.pods() or ()}
        left = self._observer.uids() | self._volumes.uids()
        return not self._observer.available or not left <= static

    def _handlers(self, guard: Guard) -> Sequence[grpc.GenericRpcHandler]:
        servicer = KubeletServicer(self._config.node_name, self._dispatcher, self._observer, self._runtime)
        return (kubelet_service_rpc.kubelet_service_handler(servicer, guard),)


async def serve(config: KubeletConfig, stop: asyncio.Event) -> None:
    """Run a kubelet until `stop` is set."""
    root = Path(config.root_dir)
    with sole_user(root):
        host_ip = await asyncio.to_thread(address_of, config.advertise_address or config.address)
        runtime = await open_runtime(
            config.runtime,
            config.node_name,
            root,
            docker_host=config.docker_host,
            docker_config=config.docker_config,
            network_image=config.network_image,
            hide=[Path(path) for path in config.hide],
        )
        try:
            await process.serve_until(stop, Kubelet(config, runtime, host_ip))
        finally:
            await runtime.close()
