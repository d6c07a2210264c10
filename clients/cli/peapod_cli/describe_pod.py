"""A pod for people: where it is, how it is, and everything that was asked for it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from peapod_cli import about, columns, describe_controller, words
from peapod_cli.calls import Connection
from peapod_cli.sections import Lines, pairs, section, truth
from peapod_cli.table import Row

if TYPE_CHECKING:
    from peapod.v1.pod_pb2 import Container, ContainerPort, Handler, Pod, Probe, Volume


def lines(pod: Pod, connection: Connection) -> Lines:
    """Say it all; what was not asked for is left out."""
    yield from _head(pod, connection)
    yield from about.containers(pod)
    containers = pod.spec.containers
    yield from section("Ports:", _PORT_HEADS, [_port(one.name, port) for one in containers for port in one.ports])
    resources = [row for one in containers for row in _resources(one)]
    yield from section("Resources:", ("CONTAINER", "LIMITS", "REQUESTS"), resources)
    probes = [row for one in containers for row in _probes(one)]
    yield from section("Probes:", ("CONTAINER", "PROBE", "ACTION", "DELAY", "TIMEOUT", "PERIOD"), probes)
    hooks = [row for one in containers for row in _hooks(one)]
    yield from section("Hooks:", ("CONTAINER", "HOOK", "ACTION"), hooks)
    yield from section("Volumes:", ("NAME", "SOURCE"), [(volume.name, _source(volume)) for volume in pod.spec.volumes])
    mounts = [row for one in containers for row in _mounts(one)]
    yield from section("Mounts:", ("CONTAINER", "VOLUME", "PATH"), mounts)
    conditions = [(condition.type, truth(condition.status)) for condition in pod.status.conditions]
    yield from section("Conditions:", ("TYPE", "STATUS"), conditions)


def _head(pod: Pod, connection: Connection) -> Lines:
    from peapod.v1 import pod_pb2

    metadata, spec, status = pod.metadata, pod.spec, pod.status
    dns = words.plain(spec.dns_policy, pod_pb2.DnsPolicy, "DNS_POLICY_")
    yield from pairs(
        ("Name:", metadata.name),
        ("Namespace:", metadata.namespace),
        ("Image(s):", ",".join(container.image for container in spec.containers)),
        ("Host:", columns.pod_host(pod)),
        ("IP:", status.pod_ip or words.NONE),
        ("Labels:", words.labels(metadata.labels)),
        ("Annotations:", words.labels(metadata.annotations) if metadata.annotations else ""),
        ("Node Selector:", words.labels(spec.node_selector) if spec.node_selector else ""),
        ("Status:", columns.pod_phase(pod)),
        ("Reason:", status.reason),
        ("Message:", status.message),
        ("Replication Controllers:", describe_controller.of_pod(pod, connection)),
        ("Restart Policy:", words.plain(spec.restart_policy, pod_pb2.RestartPolicy, "RESTART_POLICY_")),
        ("Grace Period:", f"{spec.termination_grace_period_seconds} s"),
        ("DNS Policy:", dns if spec.dns_policy != pod_pb2.DNS_POLICY_DEFAULT else ""),
        ("Network:", "the node's" if spec.host_network else ""),
        ("Created:", words.moment(metadata.creation_timestamp)),
        ("Started:", words.moment(status.start_time) if status.HasField("start_time") else ""),
    )


_PORT_HEADS = ("CONTAINER", "NAME", "PORT", "PROTOCOL", "HOST PORT")


def _port(container: str, port: ContainerPort) -> Row:
    host = f"{port.host_ip}:{port.host_port}" if port.host_ip else str(port.host_port or "")
    return (container, port.name, str(port.container_port), words.protocol(port.protocol), host)


def _resources(container: Container) -> Iterator[Row]:
    limits, requests = container.resources.limits, container.resources.requests
    if limits or requests:
        yield (container.name, words.labels(limits), words.labels(requests))


def _probes(container: Container) -> Iterator[Row]:
    for name, field in (("liveness", "liveness_probe"), ("readiness", "readiness_probe")):
        if container.HasField(field):
            yield (container.name, name, *_probe(getattr(container, field)))


def _probe(probe: Probe) -> Row:
    times = (probe.initial_delay_seconds, probe.timeout_seconds, probe.period_seconds)
    return (_action(probe.handler), *(f"{seconds} s" for seconds in times))


def _hooks(container: Container) -> Iterator[Row]:
    for name, field in (("post-start", "post_start"), ("pre-stop", "pre_stop")):
        if container.lifecycle.HasField(field):
            yield (container.name, name, _action(getattr(container.lifecycle, field)))


def _action(handler: Handler) -> str:
    form = handler.WhichOneof("action")
    if form == "exec":
        return shlex.join(handler.exec.command)
    if form == "http_get":
        where = f" of {handler.http_get.host}" if handler.http_get.host else ""
        return f"GET {handler.http_get.path} from port {words.port(handler.http_get.port)}{where}"
    if form == "tcp_socket":
        return f"connect to port {words.port(handler.tcp_socket.port)}"
    return ""


def _mounts(container: Container) -> Iterator[Row]:
    for mount in container.volume_mounts:
        yield (container.name, mount.name, mount.mount_path + (" (read-only)" if mount.read_only else ""))


def _source(volume: Volume) -> str:
    form = volume.WhichOneof("source")
    if form == "host_path":
        return f"hostDir {volume.host_path.path}"
    if form == "gce_persistent_disk":
        disk = volume.gce_persistent_disk
        part = f", partition {disk.partition}" if disk.partition else ""
        return f"persistentDisk {disk.pd_name} ({disk.fs_type}{part}{_read_only(disk.read_only)})"
    if form == "git_repo":
        at = f" at {volume.git_repo.revision}" if volume.git_repo.revision else ""
        return f"gitRepo {volume.git_repo.repository}{at}"
    if form == "secret":
        return f"secret {volume.secret.secret_name}"
    if form == "nfs":
        return f"nfs {volume.nfs.server}:{volume.nfs.path}" + (" (read-only)" if volume.nfs.read_only else "")
    return "emptyDir" + (f" ({volume.empty_dir.medium})" if volume.empty_dir.medium else "")


def _read_only(read_only: bool) -> str:
    return ", read-only" if read_only else ""
