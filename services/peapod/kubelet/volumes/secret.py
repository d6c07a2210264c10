"""The keys of a secret as files, in memory only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import grpc

from peapod.common.errors import NotFound, from_rpc
from peapod.kubelet.volumes import notes
from peapod.kubelet.volumes.empty_dir import mount_tmpfs
from peapod.kubelet.volumes.mounts import is_mounted, unmount
from peapod.kubelet.volumes.remove import remove_empty, remove_tree
from peapod.kubelet.volumes.threads import in_thread
from peapod.kubelet.volumes.volume import VolumeError
from peapod.v1 import pod_pb2
from peapod.v1.secret_service_pb2 import GetSecretRequest
from peapod.v1.secret_service_rpc import SecretServiceClient

_MODE = 0o755
_SECONDS = 10.0


class Secret:
    """Writes what a secret holds when the pod starts; later changes of the secret do not reach the pod."""

    source = "secret"
    plugin = "kubernetes.io~secret"
    scarce = False

    def __init__(self, secrets: SecretServiceClient) -> None:
        self._secrets = secrets

    def refusal(self, volume: pod_pb2.Volume) -> str:
        """Refuse nothing that has a name."""
        return "" if volume.secret.secret_name else "secret.secret_name is empty"

    async def set_up(self, pod: pod_pb2.Pod, volume: pod_pb2.Volume, place: Path) -> Path:
        """Fetch the secret and write its files, unless that was finished before."""
        note = notes.note_of(place)
        if is_mounted(place) and notes.read(note) is not None:
            return place
        await notes.forget(note)
        data = await self._fetch(pod.metadata.namespace, volume.secret.secret_name)
        await mount_tmpfs(place, _MODE)
        await in_thread(_fill, place, data)
        await notes.write(note, "ready\n")
        return place

    async def tear_down(self, place: Path) -> None:
        """Unmount the files, which ends them."""
        await unmount(place)
        remove_empty(place)

    async def _fetch(self, namespace: str, name: str) -> Mapping[str, bytes]:
        request = GetSecretRequest(namespace=namespace, name=name)
        try:
            return (await self._secrets.get_secret(request, timeout=_SECONDS)).secret.data
        except grpc.RpcError as error:
            reason = from_rpc(error)
            if isinstance(reason, NotFound):
                raise VolumeError(f"secret {namespace}/{name} not found") from None
            raise VolumeError(f"cannot fetch secret {namespace}/{name}: {reason.message}") from None


def _fill(place: Path, data: Mapping[str, bytes]) -> None:
    """Write the files, over what a set-up that was cut short has left."""
    try:
        for left in place.iterdir():
            remove_tree(left)
        for key, value in data.items():
            file = place / key
            if file.parent != place:
                raise VolumeError(f'the key "{key}" of the secret is no name for a file')
            file.write_bytes(value)
            file.chmod(_MODE)
    except OSError as error:
        raise VolumeError(f"cannot write the secret's files: {error.strerror}: {error.filename}") from error
