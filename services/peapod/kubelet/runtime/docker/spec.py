"""What is asked of the engine for a container: the body of POST /containers/create, as a pure function."""

from __future__ import annotations

from typing import Any

from peapod.common import quantity
from peapod.kubelet.runtime.runtime import Dns, Launch, Mount
from peapod.v1 import pod_pb2

Body = dict[str, Any]

HOSTNAME_LENGTH = 63
NETWORK_OOM_SCORE = -100
"""The network container goes last when memory runs out: without it the pod is lost."""

_MIN_CPU_SHARES = 2
_SHARES_PER_CPU = 1024


def create_body(launch: Launch, node: str, network_image: str) -> Body:
    """Describe the container of a launch to the engine. `network_image` is for the network container alone."""
    if launch.container is None:
        body, host = _network(launch.pod, launch.dns)
        body["Image"] = network_image
    else:
        body, host = _user(launch.container, launch)
        body["Image"] = launch.image
    body["Labels"] = launch.name.labels(node)
    body["HostConfig"] = {"RestartPolicy": {"Name": "no"}, **host}
    return body


def _network(pod: pod_pb2.Pod, dns: Dns | None) -> tuple[Body, Body]:
    host: Body = {"IpcMode": "shareable", "OomScoreAdj": NETWORK_OOM_SCORE, **_dns(dns)}
    if pod.spec.host_network:
        return {}, {**host, "NetworkMode": "host"}
    bindings = port_bindings(pod)
    body: Body = {"Hostname": hostname(pod.metadata.name), "ExposedPorts": {port: {} for port in bindings}}
    return body, {**host, "PortBindings": bindings}


def _dns(dns: Dns | None) -> Body:
    if dns is None:
        return {}
    # Without any search domain the engine would take the node's.
    return {"Dns": list(dns.servers), "DnsSearch": list(dns.searches) or ["."], "DnsOptions": list(dns.options)}


def _user(container: pod_pb2.Container, launch: Launch) -> tuple[Body, Body]:
    body: Body = {"Env": [f"{env.name}={env.value}" for env in container.env]}
    if container.command:
        body["Entrypoint"] = list(container.command)
    if container.args:
        body["Cmd"] = list(container.args)
    if container.working_dir:
        body["WorkingDir"] = container.working_dir
    joined = f"container:{launch.network}"
    host: Body = {
        "NetworkMode": joined,
        "IpcMode": joined,
        "Mounts": [_mount(mount) for mount in launch.mounts],
        **_resources(container.resources),
        **_security(container.security_context),
    }
    return body, host


def hostname(pod: str) -> str:
    """Shorten a pod's name to what fits a host name."""
    return pod[:HOSTNAME_LENGTH].rstrip("-.")


def port_bindings(pod: pod_pb2.Pod) -> dict[str, list[dict[str, str]]]:
    """Map each container port to the places of the node on which it is published; the others are left out."""
    bindings: dict[str, list[dict[str, str]]] = {}
    for container in pod.spec.containers:
        for port in container.ports:
            if port.host_port:
                protocol = "udp" if port.protocol == pod_pb2.PROTOCOL_UDP else "tcp"
                place = {"HostIp": port.host_ip, "HostPort": str(port.host_port)}
                bindings.setdefault(f"{port.container_port}/{protocol}", []).append(place)
    return bindings


def _mount(mount: Mount) -> Body:
    # Unlike a "bind" by text, a mount never makes a missing source, and its paths may have colons.
    return {"Type": "bind", "Source": mount.source, "Target": mount.target, "ReadOnly": mount.read_only}


def _resources(resources: pod_pb2.ResourceRequirements) -> Body:
    host: Body = {}
    if memory := resources.limits.get("memory"):
        host["Memory"] = quantity.whole(memory)
    if cpu := resources.requests.get("cpu") or resources.limits.get("cpu"):
        host["CpuShares"] = cpu_shares(quantity.milli(cpu))
    return host


def cpu_shares(milli: int) -> int:
    """Turn thousandths of a core into the engine's relative weight; 0 leaves it unset."""
    return max(_MIN_CPU_SHARES, milli * _SHARES_PER_CPU // 1000) if milli else 0


def _security(context: pod_pb2.SecurityContext) -> Body:
    capabilities = context.capabilities
    return {
        "Privileged": context.privileged,
        "CapAdd": list(capabilities.add),
        "CapDrop": list(capabilities.drop),
    }
