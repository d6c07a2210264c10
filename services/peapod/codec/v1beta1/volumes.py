"""The volumes of a pod."""

from __future__ import annotations

from peapod.codec.engine.scalars import BOOL, INT32, TEXT
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1.meta import IGNORED

HOST_PATH = Table("HostPathVolumeSource", Field("path", "path", TEXT, always=True, required=True))

EMPTY_DIR = Table("EmptyDirVolumeSource", Field("medium", "medium", TEXT))

PERSISTENT_DISK = Table(
    "GCEPersistentDiskVolumeSource",
    Field("pdName", "pd_name", TEXT, always=True, required=True),
    Field("fsType", "fs_type", TEXT, required=True),
    Field("partition", "partition", INT32),
    Field("readOnly", "read_only", BOOL),
)

GIT_REPO = Table(
    "GitRepoVolumeSource",
    Field("repository", "repository", TEXT, always=True, required=True),
    Field("revision", "revision", TEXT, always=True),
)

SECRET_TARGET = Table(
    "SecretTarget",
    Field("name", "secret_name", TEXT, aliases=("id",), required=True),
    Field("kind", "", IGNORED),
    Field("namespace", "", IGNORED),
    Field("uid", "", IGNORED),
    Field("apiVersion", "", IGNORED),
    Field("resourceVersion", "", IGNORED),
    Field("fieldPath", "", IGNORED),
)

SECRET = Table("SecretVolumeSource", Field("target", "", Object(SECRET_TARGET), always=True, required=True))

NFS = Table(
    "NFSVolumeSource",
    Field("server", "server", TEXT, always=True, required=True),
    Field("path", "path", TEXT, always=True, required=True),
    Field("readOnly", "read_only", BOOL),
)

VOLUME_SOURCE = Table(
    "VolumeSource",
    Field("hostDir", "host_path", Object(HOST_PATH, pointer=True), aliases=("hostPath",), always=True),
    Field("emptyDir", "empty_dir", Object(EMPTY_DIR, pointer=True), always=True),
    Field(
        "persistentDisk",
        "gce_persistent_disk",
        Object(PERSISTENT_DISK, pointer=True),
        aliases=("GCEPersistentDisk",),
        always=True,
    ),
    Field("gitRepo", "git_repo", Object(GIT_REPO, pointer=True), always=True),
    Field("secret", "secret", Object(SECRET, pointer=True), always=True),
    Field("nfs", "nfs", Object(NFS, pointer=True), aliases=("nfsMount",), always=True),
)

VOLUME = Table(
    "Volume",
    Field("name", "name", TEXT, always=True, required=True),
    Field("source", "", Object(VOLUME_SOURCE), always=True),
)
