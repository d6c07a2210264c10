"""Pods whose containers are real and count their own starts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from peapod.kubelet.inotify import DirectoryEvents
from peapod.v1 import pod_pb2
from tests.support.following import PATIENCE

_MOUNT = "/tally"
_SCRIPT = f"echo $1 >> {_MOUNT}/starts; trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"


@dataclass(frozen=True)
class Tally:
    """A directory in which each container notes that it starts; its name tells the containers' processes."""

    directory: Path
    image: str

    def pod(self, name: str, containers: Iterable[str]) -> pod_pb2.Pod:
        """Make a pod of containers that run until they are told to end."""
        pod = pod_pb2.Pod()
        pod.metadata.name, pod.metadata.namespace = name, "default"
        pod.spec.volumes.add(name="tally").host_path.path = str(self.directory)
        for container in containers:
            command = ["/bin/sh", "-c", _SCRIPT, str(self.directory), f"{name}/{container}"]
            one = pod.spec.containers.add(name=container, image=self.image, command=command)
            one.image_pull_policy = pod_pb2.PULL_POLICY_IF_NOT_PRESENT
            one.volume_mounts.add(name="tally", mount_path=_MOUNT)
        return pod

    def starts(self) -> Counter[str]:
        """Count the starts of each container, by pod/container."""
        notes = self.directory / "starts"
        return Counter(notes.read_text().split() if notes.exists() else [])

    async def until_counted(self, starts: Mapping[str, int]) -> None:
        """Wait until the containers have noted so many starts each."""
        events = DirectoryEvents()
        try:
            with events.of(self.directory) as changed:
                async with asyncio.timeout(PATIENCE):
                    while self.starts() != starts:
                        await changed.wait()
                        changed.clear()
        finally:
            events.close()

    def processes(self) -> dict[str, tuple[int, float]]:
        """Find what runs on this machine: each container's own process, by its id and the time of its start."""
        found = {}
        shells = {process.info["pid"]: process.info for process in self._shells()}
        for shell in shells.values():
            # A shell that is about to become another program still looks like the one that made it.
            if shell["ppid"] not in shells:
                name = shell["cmdline"][-1]
                assert name not in found, f"{name} runs twice"
                found[name] = (shell["pid"], shell["create_time"])
        return found

    def _shells(self) -> Iterable[psutil.Process]:
        for process in psutil.process_iter(["pid", "ppid", "create_time", "cmdline"]):
            words = process.info["cmdline"] or []
            if words[:2] == ["/bin/sh", "-c"] and str(self.directory) in words:
                yield process
