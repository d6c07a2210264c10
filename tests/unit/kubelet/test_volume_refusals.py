"""What a node refuses of a volume before anything of it is made, and where its disks are."""

from __future__ import annotations

from pathlib import Path

import pytest

from peapod.kubelet.volumes.disks.gce import GceDisks
from peapod.kubelet.volumes.disks.local import LocalDisks
from peapod.kubelet.volumes.disks.open import open_disks
from peapod.kubelet.volumes.git_repo import GitRepo
from peapod.kubelet.volumes.nfs import Nfs
from peapod.kubelet.volumes.persistent_disk import PersistentDisk
from peapod.v1 import pod_pb2


@pytest.mark.parametrize(
    "repository",
    [
        "https://example.test/site.git",
        "http://127.0.0.1:8000/site",
        "git://example.test/site",
        "ssh://git@example.test:22/site",
        "git@example.test:site.git",
        "file:///srv/site",
        "/srv/site",
        "https://[::1]/site",
        "https://example.test/site/.git/",
    ],
)
def test_repositories_that_git_can_reach(repository: str) -> None:
    assert GitRepo().refusal(git(repository)) == ""


@pytest.mark.parametrize(
    ("repository", "words"),
    [
        ("ext::sh -c true", "asks for the transport ext, which is not supported"),
        ("file::/srv/site", "asks for the transport file, which is not supported"),
        ("ftp://example.test/site", "asks for ftp, which is not supported"),
        ("--upload-pack=true", "is no address"),
        ("https://example.test/\nsite", "is no address"),
        ("site", "is neither a URL nor an absolute path"),
        ("../site", "is neither a URL nor an absolute path"),
        ("https://example.test/.", "does not end in a name"),
        ("/srv/site/..", "does not end in a name"),
        ("/", "does not end in a name"),
        ("", "is neither a URL nor an absolute path"),
    ],
)
def test_repositories_that_are_something_else(repository: str, words: str) -> None:
    assert GitRepo().refusal(git(repository)) == f'git_repo.repository "{repository}" {words}'


def test_a_revision_is_no_option() -> None:
    assert GitRepo().refusal(git("/srv/site", "v1.0")) == ""
    assert GitRepo().refusal(git("/srv/site", "-f")) == 'git_repo.revision "-f" begins with a dash'


@pytest.mark.parametrize("server", ["filer", "filer.example.test", "10.1.2.3", "[fe80::1%eth0]"])
def test_servers_of_files(server: str) -> None:
    assert Nfs().refusal(nfs(server, "/srv")) == ""


@pytest.mark.parametrize("server", ["", "-o", "filer,suid", "filer srv", "filer/x"])
def test_servers_that_are_something_else(server: str) -> None:
    assert Nfs().refusal(nfs(server, "/srv")) == f'nfs.server "{server}" is neither a name nor an address'


def test_a_path_on_a_server_is_absolute() -> None:
    assert Nfs().refusal(nfs("filer", "srv")) == 'nfs.path "srv" is not absolute'


@pytest.mark.parametrize(
    ("name", "fs_type", "partition", "words"),
    [
        ("data-1", "ext4", 255, ""),
        ("../data", "ext4", 0, 'gce_persistent_disk.pd_name "../data": '),
        ("", "ext4", 0, 'gce_persistent_disk.pd_name "": '),
        ("data", "../../bin/sh", 0, 'gce_persistent_disk.fs_type "../../bin/sh" is no file system'),
        ("data", "ext4", 256, "gce_persistent_disk.partition 256 is not from 0 to 255"),
    ],
)
def test_disks(tmp_path: Path, name: str, fs_type: str, partition: int, words: str) -> None:
    volume = pod_pb2.Volume(name="disk")
    source = volume.gce_persistent_disk
    source.pd_name, source.fs_type, source.partition = name, fs_type, partition
    kind = PersistentDisk(tmp_path, LocalDisks(tmp_path, tmp_path))
    refusal = kind.refusal(volume)
    assert refusal.startswith(words)
    assert bool(refusal) == bool(words)


def test_where_disks_are(tmp_path: Path) -> None:
    assert open_disks("", "node", tmp_path) is None
    assert isinstance(open_disks("local:/srv/disks", "node", tmp_path), LocalDisks)
    assert isinstance(open_disks("gce:project/zone", "node", tmp_path), GceDisks)
    assert isinstance(open_disks("gce:project/zone/instance", "node", tmp_path), GceDisks)


@pytest.mark.parametrize("text", ["local", "local:", "local:disks", "gce:project", "gce:project/", "nfs:/srv", "x"])
def test_where_disks_cannot_be(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not of the form local:DIRECTORY or gce:PROJECT/ZONE"):
        open_disks(text, "node", tmp_path)


def git(repository: str, revision: str = "") -> pod_pb2.Volume:
    volume = pod_pb2.Volume(name="code")
    volume.git_repo.repository, volume.git_repo.revision = repository, revision
    return volume


def nfs(server: str, path: str) -> pod_pb2.Volume:
    volume = pod_pb2.Volume(name="files")
    volume.nfs.server, volume.nfs.path = server, path
    return volume
