"""The volumes of a pod, each with its source beside its name."""

from __future__ import annotations

from peapod.codec.engine.scalars import TEXT
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1.volumes import EMPTY_DIR, GIT_REPO, HOST_PATH, NFS, PERSISTENT_DISK

SECRET = Table("SecretVolumeSource", Field("secretName", "secret_name", TEXT, always=True, required=True))

VOLUME = Table(
    "Volume",
    Field("name", "name", TEXT, always=True, required=True),
    Field("hostPath", "host_path", Object(HOST_PATH, pointer=True), always=True),
    Field("emptyDir", "empty_dir", Object(EMPTY_DIR, pointer=True), always=True),
    Field("gcePersistentDisk", "gce_persistent_disk", Object(PERSISTENT_DISK, pointer=True), always=True),
    Field("gitRepo", "git_repo", Object(GIT_REPO, pointer=True), always=True),
    Field("secret", "secret", Object(SECRET, pointer=True), always=True),
    Field("nfs", "nfs", Object(NFS, pointer=True), always=True),
)
