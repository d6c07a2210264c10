"""A running cluster as tests see it: an apiserver's address, the nodes, and the engine that they all run on."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from peapod.common.channel import open_sync_channel
from peapod.v1 import (
    log_pb2,
    meta_pb2,
    node_pb2,
    node_service_pb2,
    node_service_rpc,
    pod_pb2,
    pod_service_pb2,
    pod_service_rpc,
)
from tests.support import engine

PATIENCE = 60.0
"""Seconds within which anything that a test waits for has happened, on a busy machine."""


@dataclass(frozen=True)
class Cluster:
    """Where the apiserver listens, and the names of the nodes that are to be ready."""

    address: str
    nodes: tuple[str, ...]
    gateway: str = ""
    """Where HTTP is served, where that is known."""
    logs: Callable[[], str] = str
    """Reads what the services logged so far, where it is not on the tests' own standard error."""

    def peapod(self, *arguments: str, given: str = "", fails: bool = False) -> str:
        """Run the CLI as a user would, and return what it printed: its errors when it `fails`, as it then must."""
        command = [sys.executable, "-m", "peapod_cli", "--server", self.address, *arguments]
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=PATIENCE, check=False)
        if bool(done.returncode) != fails:
            pytest.fail(f"{' '.join(arguments)} exited {done.returncode}: {done.stdout}{done.stderr}")
        return done.stderr if fails else done.stdout

    def wait_for_nodes(self) -> None:
        """Return when all nodes are ready."""
        missing = set(self.nodes)
        with open_sync_channel(self.address) as channel:
            client = node_service_rpc.NodeServiceSyncClient(channel)
            for response in client.watch_nodes(node_service_pb2.WatchNodesRequest(), timeout=PATIENCE):
                missing -= {change.node.metadata.name for change in response.events if _ready(change.node)}
                if not missing:
                    return
        pytest.fail(f"not ready: {missing}")

    def wait_for_pods(self, names: Iterable[str], until: Callable[[pod_pb2.Pod], bool]) -> dict[str, pod_pb2.Pod]:
        """Return the pods when `until` holds for each of them, as they were then."""
        found: dict[str, pod_pb2.Pod] = {}
        wanted = set(names)
        with open_sync_channel(self.address) as channel:
            client = pod_service_rpc.PodServiceSyncClient(channel)
            for response in client.watch_pods(pod_service_pb2.WatchPodsRequest(), timeout=PATIENCE):
                for change in response.events:
                    if change.type != meta_pb2.EVENT_TYPE_DELETED and until(change.pod):
                        found[change.pod.metadata.name] = change.pod
                if wanted <= found.keys():
                    return {name: found[name] for name in wanted}
        pytest.fail(f"the watch ended before {wanted - found.keys()} came so far")

    def wait_for_log(self, pod: str, container: str, words: str) -> None:
        """Return when a container has logged these words."""
        request = pod_service_pb2.StreamPodLogsRequest(
            namespace="default", name=pod, container=container, options=log_pb2.LogOptions(follow=True)
        )
        read = b""
        with open_sync_channel(self.address) as channel:
            client = pod_service_rpc.PodServiceSyncClient(channel)
            for response in client.stream_pod_logs(request, timeout=PATIENCE):
                read += response.data
                if words.encode() in read:
                    return
        pytest.fail(f"the log of {container} ended without {words!r}: {read.decode()}")

    def containers(self, pod: str) -> list[dict[str, Any]]:
        """Inspect the containers of a pod that run on this cluster's nodes."""
        with engine.client() as api:
            found = api.containers(filters={"label": f"io.peapod.pod={pod}"})
            mine = [one for one in found if one["Labels"][engine.NODE_LABEL] in self.nodes]
            return [api.inspect_container(one["Id"]) for one in mine]

    def run_in(self, pod: str, container: str, *command: str) -> str:
        """Run a command in a running container of a pod, and return what it printed."""
        with engine.client() as api:
            return engine.run_in(api, self.container(pod, container)["Id"], command)

    def ask(self, host: str, port: int, question: bytes = b"") -> bytes:
        """Connect to a published port, send the question, and return the first piece of the answer."""
        with socket.create_connection((host, port), timeout=PATIENCE) as connection:
            connection.sendall(question)
            return connection.recv(4096)

    def container(self, pod: str, container: str) -> dict[str, Any]:
        """Inspect one container of a pod by its name in the pod."""
        named = [one for one in self.containers(pod) if one["Config"]["Labels"]["io.peapod.container"] == container]
        assert len(named) == 1, f"{len(named)} containers {container} of {pod}"
        return named[0]

    def wait_until_gone(self, pod: str) -> None:
        """Return when no container of the pod is left, running or not."""
        with engine.client(timeout=PATIENCE) as api:
            label = {"label": f"io.peapod.pod={pod}"}
            events = api.events(filters={**label, "event": "destroy"}, decode=True)
            try:
                while any(
                    one["Labels"][engine.NODE_LABEL] in self.nodes for one in api.containers(all=True, filters=label)
                ):
                    next(events)
            finally:
                events.close()


def running(pod: pod_pb2.Pod) -> bool:
    """Tell whether the kubelet says that all of the pod's containers run."""
    return pod.status.phase == pod_pb2.POD_PHASE_RUNNING


def _ready(node: node_pb2.Node) -> bool:
    return any(
        condition.type == "Ready" and condition.status == meta_pb2.CONDITION_STATUS_TRUE
        for condition in node.status.conditions
    )
