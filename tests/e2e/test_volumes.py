"""Volumes in real containers, from `create` to what is left when the pod is gone: nothing, and all user data."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from peapod.v1 import meta_pb2, pod_pb2, secret_pb2
from peapod.v1.pod_service_pb2 import CreatePodRequest
from peapod.v1.secret_service_pb2 import CreateSecretRequest, DeleteSecretRequest
from tests.support import engine
from tests.support.apiserver import connected
from tests.support.cluster import Cluster, running
from tests.support.following import following
from tests.support.kubelet import delete
from tests.support.pods import make_pod
from tests.support.processes import Node, running_processes
from tests.support.up import interrupted_up
from tests.support.volumes import loop_devices, make_disk, make_repository, no_mounts_left
from tests.support.worlds import all_run, gone

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("pod_images"), pytest.mark.timeout(180)]

FOREVER = "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"
UNTIL_TOLD = (
    "trap 'exit 0' TERM; echo up >> /data/starts; while [ ! -e /data/end ]; do sleep 0.1; done; rm /data/end; exit 1"
)

Volumes = dict[str, dict[str, Any]]
"""What the pod's volumes stand on, by the places at which containers find them."""


@dataclass(frozen=True)
class Site:
    """A cluster of one node, and the user's things beside it."""

    cluster: Cluster
    image: str
    state: Path
    user: Path

    def create(self, name: str, volumes: Volumes, scripts: dict[str, str] | None = None, host: str = "") -> None:
        """Create a pod whose containers have all the volumes; without scripts it has one that does nothing."""
        mounts = [{"name": place.strip("/"), "mountPath": place} for place in volumes]
        containers = [
            {
                "name": container,
                "image": self.image,
                "imagePullPolicy": "PullNever",
                "command": ["/bin/sh", "-c", script],
                "volumeMounts": mounts,
            }
            for container, script in (scripts or {"main": FOREVER}).items()
        ]
        sources = [{"name": place.strip("/"), "source": source} for place, source in volumes.items()]
        manifest = {"version": "v1beta1", "id": name, "volumes": sources, "containers": containers}
        state = {"manifest": manifest, "host": host}
        pod = {"id": name, "kind": "Pod", "apiVersion": "v1beta1", "desiredState": state}
        assert self.cluster.peapod("create", "-f", "-", given=json.dumps(pod)) == f"{name}\n"

    def run(self, name: str, volumes: Volumes, scripts: dict[str, str] | None = None) -> None:
        """Create it, and return when it runs."""
        self.create(name, volumes, scripts)
        self.cluster.wait_for_pods([name], running)

    def inside(self, pod: str, *command: str, container: str = "") -> str:
        """Run a command in a container of a pod."""
        which = ["-c", container] if container else []
        return self.cluster.peapod("exec", "-p", pod, *which, "--", *command)

    def delete(self, *names: str) -> None:
        """Delete pods, and return when nothing of their volumes is left."""
        pods = self.cluster.wait_for_pods(names, lambda pod: True)
        self.cluster.peapod("delete", "pod", *names)
        asyncio.run(gone([self.state / "kubelet/pods" / pod.metadata.uid for pod in pods.values()]))


@pytest.fixture(scope="module", params=["docker", "sandbox"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("volumes")
    node = f"{engine.SESSION}-volumes-{request.param}"
    image = {"docker": "peapod-test/busybox:1", "sandbox": "host"}[request.param]
    state, user = directory / "state", directory / "user"
    user.mkdir()
    make_disk(user / "disks", "data")
    with no_mounts_left(directory), no_containers_left(Node(state, node, request.param)):
        with interrupted_up(state, node, "--disks", f"local:{user}/disks", runtime=request.param) as cluster:
            yield Site(cluster, image, state, user)
        assert loop_devices(user) == []


@contextmanager
def no_containers_left(node: Node) -> Iterator[None]:
    """Remove what a test that failed has left running, and with it what keeps mounts busy."""
    try:
        yield
    finally:
        asyncio.run(node.clear())


@pytest.fixture
def cluster(site: Site) -> Cluster:
    """For the report of a failure."""
    return site.cluster


def test_an_empty_dir_is_shared_by_the_containers_across_a_restart(site: Site) -> None:
    site.run("shared", {"/data": {"emptyDir": {}}}, {"worker": UNTIL_TOLD, "other": FOREVER})
    site.inside("shared", "touch", "/data/end", container="other")
    site.cluster.wait_for_pods(["shared"], lambda pod: running(pod) and restarts(pod) == {"worker": 1, "other": 0})
    assert site.inside("shared", "cat", "/data/starts", container="other") == "up\nup\n"
    site.delete("shared")


def test_memory_directories_repositories_and_secrets_are_there(site: Site) -> None:
    keys = {name: base64.b64encode(value).decode() for name, value in (("user", b"admin"), ("password", b"s3cret"))}
    secret = {"id": "site-keys", "kind": "Secret", "apiVersion": "v1beta1", "data": keys}
    assert site.cluster.peapod("create", "-f", "-", given=json.dumps(secret)) == "site-keys\n"
    first = make_repository(site.user / "code", page="one")
    (site.user / "host").mkdir()
    (site.user / "host" / "precious").write_text("x")
    volumes: Volumes = {
        "/memory": {"emptyDir": {"medium": "Memory"}},
        "/host": {"hostDir": {"path": str(site.user / "host")}},
        "/git": {"gitRepo": {"repository": f"file://{site.user}/code", "revision": first}},
        "/keys": {"secret": {"target": {"kind": "Secret", "namespace": "default", "name": "site-keys"}}},
    }
    site.run("kinds", volumes)
    assert site.inside("kinds", "stat", "-f", "-c", "%T", "/memory") == "tmpfs\n"
    site.inside("kinds", "sh", "-c", "echo kept > /memory/file && echo new > /host/new")
    assert site.inside("kinds", "cat", "/memory/file", "/host/precious", "/git/code/page") == "kept\nxone"
    assert site.inside("kinds", "stat", "-f", "-c", "%T", "/keys") == "tmpfs\n"
    assert site.inside("kinds", "cat", "/keys/user", "/keys/password") == "admins3cret"
    site.delete("kinds")
    assert {file.name for file in (site.user / "host").iterdir()} == {"precious", "new"}
    assert (site.user / "code" / "page").read_text() == "one"


def disk(*, read_only: bool = False) -> Volumes:
    return {"/disk": {"persistentDisk": {"pdName": "data", "fsType": "ext4", "readOnly": read_only}}}


def test_a_disk_keeps_its_data_from_one_pod_to_the_next(site: Site) -> None:
    site.run("first", disk())
    site.inside("first", "sh", "-c", "echo precious > /disk/file")
    site.delete("first")
    assert loop_devices(site.user) == []
    site.run("second", disk())
    assert site.inside("second", "cat", "/disk/file") == "precious\n"
    site.delete("second")
    assert loop_devices(site.user) == []


def test_a_disk_has_one_writer(site: Site) -> None:
    site.run("writer", disk())
    site.create("waits", disk(read_only=True))
    site.create("forced", disk(), host=site.cluster.nodes[0])
    forced = site.cluster.wait_for_pods(["forced"], lambda pod: pod.status.phase == pod_pb2.POD_PHASE_FAILED)["forced"]
    assert (forced.status.reason, forced.status.message) == (
        "DiskConflict",
        "disk data is in use by pod default/writer",
    )
    assert "disk data is in use by default/writer" in site.cluster.peapod("explain", "pod", "waits")
    assert "failedMount" not in site.cluster.peapod("describe", "pod", "writer")
    site.cluster.peapod("delete", "pod", "forced")
    site.delete("writer")
    site.cluster.wait_for_pods(["waits"], running)
    site.delete("waits")


def test_a_disk_has_any_number_of_readers(site: Site) -> None:
    site.run("writes", disk())
    site.inside("writes", "sh", "-c", "echo precious > /disk/file")
    site.delete("writes")
    for name in ("one", "two"):
        site.run(name, disk(read_only=True))
    for name in ("one", "two"):
        assert site.inside(name, "cat", "/disk/file") == "precious\n"
    assert site.inside("one", "sh", "-c", "touch /disk/new 2> /dev/null || echo refused") == "refused\n"
    site.delete("one")
    assert site.inside("two", "cat", "/disk/file") == "precious\n"
    site.delete("two")
    assert loop_devices(site.user) == []


async def test_volumes_outlive_a_kubelet_that_is_killed_and_go_with_their_pod(tmp_path: Path, node_name: str) -> None:
    node, store = Node(tmp_path, node_name, "docker"), f"sqlite:///{tmp_path}/peapod.db"
    pod = make_pod(image="peapod-test/busybox:1")
    pod.spec.node_name = node_name
    pod.spec.containers[0].command.extend(["/bin/sh", "-c", FOREVER])
    pod.spec.volumes.add(name="memory").empty_dir.medium = "Memory"
    pod.spec.volumes.add(name="keys").secret.secret_name = "site"
    for volume in pod.spec.volumes:
        pod.spec.containers[0].volume_mounts.add(name=volume.name, mount_path=f"/{volume.name}")
    secret = secret_pb2.Secret(metadata=meta_pb2.ObjectMeta(namespace="default", name="site"), data={"user": b"admin"})
    with no_mounts_left(tmp_path):
        async with (
            running_processes(store, tmp_path, node) as processes,
            connected(processes.apiserver.address) as api,
            following(api) as seen,
        ):
            await api.secrets.create_secret(CreateSecretRequest(secret=secret))
            stored = (await api.pods.create_pod(CreatePodRequest(pod=pod))).pod
            await seen.until(lambda: all_run(seen, ["web"]))
            cluster = Cluster(api.address, (node_name,))
            await asyncio.to_thread(cluster.run_in, "web", "main", "sh", "-c", "echo kept > /memory/file")

            await processes.kubelet.kill()
            await api.secrets.delete_secret(DeleteSecretRequest(namespace="default", name="site"))
            with engine.client() as client:
                client.kill(cluster.container("web", "main")["Id"])
            await processes.kubelet.start()
            await seen.until(lambda: all_run(seen, ["web"]) and restarts(seen.pods["web"]) == {"main": 1})
            command = ("cat", "/memory/file", "/keys/user")
            assert await asyncio.to_thread(cluster.run_in, "web", "main", *command) == "kept\nadmin"

            await processes.kubelet.kill()
            await delete(api, "web")
            await processes.kubelet.start()
            await gone([node.root / "pods" / stored.metadata.uid])


def restarts(pod: pod_pb2.Pod) -> dict[str, int]:
    return {one.name: one.restart_count for one in pod.status.container_statuses}
