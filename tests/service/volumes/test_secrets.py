"""Secrets of a real apiserver, as files on a real tmpfs."""

from __future__ import annotations

from pathlib import Path

import pytest

from peapod.kubelet.volumes.mounts import unmount
from peapod.kubelet.volumes.secret import Secret
from peapod.kubelet.volumes.volume import VolumeError
from peapod.kubelet.volumes.volumes import Volumes
from peapod.v1 import pod_pb2, secret_pb2
from peapod.v1.secret_service_pb2 import CreateSecretRequest, UpdateSecretRequest
from tests.support.apiserver import OwnApi
from tests.support.pods import make_pod
from tests.support.volumes import file_system_of


@pytest.fixture
def volumes(root: Path, api: OwnApi) -> Volumes:
    return Volumes(root, [Secret(api.secrets)])


@pytest.fixture
def pod() -> pod_pb2.Pod:
    pod = make_pod()
    pod.spec.volumes.add(name="keys").secret.secret_name = "site"
    return pod


async def create(api: OwnApi, **data: bytes) -> secret_pb2.Secret:
    secret = secret_pb2.Secret(data=data)
    secret.metadata.namespace, secret.metadata.name = "default", "site"
    return (await api.secrets.create_secret(CreateSecretRequest(secret=secret))).secret


async def change(api: OwnApi, secret: secret_pb2.Secret, **data: bytes) -> None:
    for key, value in data.items():
        secret.data[key] = value
    await api.secrets.update_secret(UpdateSecretRequest(secret=secret))


def content(place: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in place.iterdir()}


async def test_each_key_is_a_file_in_memory(volumes: Volumes, pod: pod_pb2.Pod, api: OwnApi) -> None:
    await create(api, user=b"admin", password=b"\x00\xff")
    place = (await volumes.set_up(pod))["keys"]
    assert content(place) == {"user": b"admin", "password": b"\x00\xff"}
    assert file_system_of(place) == "tmpfs"
    assert {file.stat().st_mode & 0o777 for file in (place, *place.iterdir())} == {0o755}
    await volumes.tear_down("uid-1")
    assert volumes.uids() == set()


async def test_what_a_pod_started_with_stays_also_across_a_restart_of_the_kubelet(
    volumes: Volumes, pod: pod_pb2.Pod, api: OwnApi, root: Path
) -> None:
    secret = await create(api, user=b"admin")
    place = (await volumes.set_up(pod))["keys"]
    await change(api, secret, user=b"root")
    for one in (volumes, Volumes(root, [Secret(api.secrets)])):
        assert content((await one.set_up(pod))["keys"]) == {"user": b"admin"}
    other = pod_pb2.Pod()
    other.CopyFrom(pod)
    other.metadata.uid = "uid-2"
    assert content((await volumes.set_up(other))["keys"]) == {"user": b"root"}
    await volumes.tear_down("uid-2")
    assert content(place) == {"user": b"admin"}
    await volumes.tear_down("uid-1")


async def test_a_secret_that_is_not_there_is_waited_for(volumes: Volumes, pod: pod_pb2.Pod, api: OwnApi) -> None:
    with pytest.raises(VolumeError, match=r"^secret default/site not found$"):
        await volumes.set_up(pod)
    await create(api, user=b"admin")
    assert content((await volumes.set_up(pod))["keys"]) == {"user": b"admin"}
    await volumes.tear_down("uid-1")


async def test_while_the_apiserver_is_away_it_is_tried_again_but_what_is_there_stays(
    volumes: Volumes, pod: pod_pb2.Pod, api: OwnApi, root: Path
) -> None:
    await create(api, user=b"admin")
    await volumes.set_up(pod)
    await api.apiserver.stop()
    assert content((await volumes.set_up(pod))["keys"]) == {"user": b"admin"}
    await volumes.tear_down("uid-1")
    with pytest.raises(VolumeError, match=r"^cannot fetch secret default/site: "):
        await volumes.set_up(pod)
    await volumes.tear_down("uid-1")


async def test_files_that_were_half_written_are_written_anew(
    volumes: Volumes, pod: pod_pb2.Pod, api: OwnApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a kubelet that dies between the mount and the note."""
    await create(api, user=b"admin", password=b"x")

    def die(place: Path, data: object) -> None:
        (place / "user").write_bytes(b"ad")
        (place / "stray").write_bytes(b"")
        raise OSError("killed")

    with monkeypatch.context() as broken:
        broken.setattr("peapod.kubelet.volumes.secret._fill", die)
        with pytest.raises(OSError, match="killed"):
            await volumes.set_up(pod)
    assert content((await volumes.set_up(pod))["keys"]) == {"user": b"admin", "password": b"x"}
    await volumes.tear_down("uid-1")


async def test_after_the_machine_was_restarted_the_files_are_written_anew(
    volumes: Volumes, pod: pod_pb2.Pod, api: OwnApi, root: Path
) -> None:
    secret = await create(api, user=b"admin")
    await unmount((await volumes.set_up(pod))["keys"])
    await change(api, secret, user=b"root")
    assert content((await volumes.set_up(pod))["keys"]) == {"user": b"root"}
    await volumes.tear_down("uid-1")
    assert volumes.uids() == set()
