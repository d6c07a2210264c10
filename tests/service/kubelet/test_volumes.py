"""Volumes under a kubelet: what it says of them, and that they come and go with their pods."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from peapod.v1 import pod_pb2, secret_pb2
from peapod.v1.secret_service_pb2 import CreateSecretRequest
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import TroubledRuntime, create, delete, running_kubelet, told
from tests.support.pods import make_pod
from tests.support.volumes import file_system_of, loop_devices, make_disk, no_mounts_left
from tests.support.worlds import gone

RUNNING, SUCCEEDED = pod_pb2.POD_PHASE_RUNNING, pod_pb2.POD_PHASE_SUCCEEDED
NEVER = pod_pb2.RESTART_POLICY_NEVER


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path) -> Iterator[None]:
    with no_mounts_left(tmp_path):
        yield


@pytest.fixture
def disks(tmp_path: Path) -> Path:
    make_disk(tmp_path / "disks", "data")
    return tmp_path / "disks"


def with_everything(name: str = "web", **settings: object) -> pod_pb2.Pod:
    pod = make_pod(name=name, **settings)  # type: ignore[arg-type]
    pod.spec.volumes.add(name="memory").empty_dir.medium = "Memory"
    pod.spec.volumes.add(name="keys").secret.secret_name = "site"
    disk = pod.spec.volumes.add(name="disk").gce_persistent_disk
    disk.pd_name, disk.fs_type = "data", "ext4"
    return pod


async def create_secret(api: OwnApi) -> None:
    secret = secret_pb2.Secret(data={"user": b"admin"})
    secret.metadata.namespace, secret.metadata.name = "default", "site"
    await api.secrets.create_secret(CreateSecretRequest(secret=secret))


async def test_a_secret_that_is_not_there_is_said(
    api: OwnApi, seen: Following, root: Path, runtime: TroubledRuntime
) -> None:
    pod = make_pod()
    pod.spec.volumes.add(name="keys").secret.secret_name = "site"
    async with running_kubelet(api, runtime, root):
        await create(api, pod)
        await seen.until(lambda: told(seen).reason == "FailedMount")
        assert told(seen).message == "secret default/site not found"
        await seen.until(lambda: seen.told("failedMount", "web") == ["secret default/site not found"])
        assert runtime.started == []


async def test_a_disk_on_a_node_without_disks_is_refused_by_name(
    api: OwnApi, seen: Following, root: Path, runtime: TroubledRuntime
) -> None:
    pod = make_pod()
    disk = pod.spec.volumes.add(name="disk").gce_persistent_disk
    disk.pd_name, disk.fs_type = "data", "ext4"
    async with running_kubelet(api, runtime, root):
        await create(api, pod)
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_FAILED)
        assert "this node has no disks: its kubelet was started without --disks" in told(seen).message


async def test_what_a_deleted_pod_left_to_a_kubelet_that_was_away_is_undone(
    api: OwnApi, seen: Following, root: Path, disks: Path
) -> None:
    await create_secret(api)
    async with running_kubelet(api, TroubledRuntime(), root, disks=f"local:{disks}"):
        stored = await create(api, with_everything())
        await seen.until(lambda: told(seen).phase == RUNNING)
    home = root / "pods" / stored.metadata.uid
    assert file_system_of(home / "volumes/kubernetes.io~empty-dir/memory") == "tmpfs"
    assert len(loop_devices(disks)) == 1
    await delete(api, "web")
    async with running_kubelet(api, TroubledRuntime(), root, disks=f"local:{disks}"):
        await gone([home])
    assert loop_devices(disks) == []


async def test_a_pod_that_is_over_gives_its_disk_up_to_the_next(
    api: OwnApi, seen: Following, root: Path, disks: Path, runtime: TroubledRuntime
) -> None:
    await create_secret(api)
    async with running_kubelet(api, runtime, root, disks=f"local:{disks}"):
        first = await create(api, with_everything("first", image="hollow/exit:0", policy=NEVER))
        await seen.until(lambda: told(seen, "first").phase == SUCCEEDED)
        await gone([root / "pods" / first.metadata.uid / "volumes/kubernetes.io~gce-pd/disk"])
        second = await create(api, with_everything("second"))
        await seen.until(lambda: told(seen, "second").phase == RUNNING)
        assert seen.told("failedMount", "second") == []
        for name in ("first", "second"):
            await delete(api, name)
        await gone([root / "pods" / pod.metadata.uid for pod in (first, second)])


async def test_a_set_up_for_a_pod_that_goes_is_not_waited_for(
    api: OwnApi, seen: Following, root: Path, runtime: TroubledRuntime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A server that is silent would hold the pod for minutes."""
    (tmp_path / "mount").write_text(f"#!/bin/sh\n: > {tmp_path}/asked\nexec sleep 600\n")
    (tmp_path / "mount").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    pod = make_pod()
    pod.spec.volumes.add(name="files").nfs.server = "filer"
    pod.spec.volumes[0].nfs.path = "/srv"
    async with running_kubelet(api, runtime, root):
        stored = await create(api, pod)
        await seen.until(lambda: told(seen).HasField("start_time"))
        await delete(api, "web")
        await gone([root / "pods" / stored.metadata.uid])
        assert runtime.started == []
