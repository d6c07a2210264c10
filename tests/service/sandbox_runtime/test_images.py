"""Images from archives: what runs in them, and that no archive reaches outside its own root."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest

from peapod.kubelet.runtime.runtime import ImageError, LaunchError, Mount
from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from peapod.v1 import pod_pb2
from tests.service.sandbox_runtime.conftest import OpenRuntime, names_in
from tests.support.archives import entry, layer, save, small_rootfs
from tests.support.runtimes import TestPod, output_of, until_exited

NEVER, IF_NOT_PRESENT, ALWAYS = (
    pod_pb2.PULL_POLICY_NEVER,
    pod_pb2.PULL_POLICY_IF_NOT_PRESENT,
    pod_pb2.PULL_POLICY_ALWAYS,
)
NAME = "peapod-test/small:1"
BASE = small_rootfs().tar()


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def write_in(root: Path, file: str) -> None:
    (root / file).touch()


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside everything, which no archive may touch."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_text("as it was")
    return folder


def assert_untouched(outside: Path) -> None:
    assert names_in(outside) == ["precious"]
    assert (outside / "precious").read_text() == "as it was"
    assert not (outside / "precious").stat().st_mode & 0o111


def rootfs_of(root: Path, id: str) -> Path:
    return root / "images/unpacked" / id.removeprefix("sha256:") / "rootfs"


async def unpacked(runtime: SandboxRuntime, root: Path, tmp_path: Path, *layers: bytes) -> Path:
    """Import an image of these layers and return its root."""
    return rootfs_of(root, await runtime.import_image(save(tmp_path / "image.tar", {"it:1": layers})))


async def test_a_saved_image_runs_as_its_config_says(runtime: SandboxRuntime, tmp_path: Path) -> None:
    config = {
        "Entrypoint": ["/bin/sh", "-c", 'echo "$GREETING from $(pwd)" "$@"', "me"],
        "Cmd": ["by", "default"],
        "Env": ["GREETING=hello", "PATH=/bin"],
        "WorkingDir": "/srv/app",
    }
    archive = save(tmp_path / "image.tar", {NAME: [BASE]}, config)
    id = await runtime.import_image(archive)
    assert await runtime.ensure_image(NAME, NEVER) == id
    pod = TestPod(runtime, NAME)
    assert await output_of(pod) == "hello from /srv/app by default\n"
    assert await output_of(pod, args=["told"], container="b") == "hello from /srv/app told\n"
    assert await output_of(pod, command=["sh", "-c", "pwd"], working_dir="/etc", container="c") == "/etc\n"
    assert await output_of(pod, env={"GREETING": "bye"}, container="d") == "bye from /srv/app by default\n"
    seen = await runtime.list()
    assert {(one.image, one.image_id) for one in seen} == {(NAME, id)}


async def test_an_exported_container_runs(runtime: SandboxRuntime, tmp_path: Path) -> None:
    await runtime.import_image(write(tmp_path / "any.tar", BASE), "small")
    pod = TestPod(runtime, "small:latest")
    assert await output_of(pod, "ls /") == "bin\ndev\netc\nlib\nlib64\nproc\nsys\ntmp\n"
    with pytest.raises(LaunchError, match="no command"):
        await pod.start(container="bare")


async def test_a_container_writes_to_its_own_copy(runtime: SandboxRuntime, root: Path, tmp_path: Path) -> None:
    id = await runtime.import_image(write(tmp_path / "any.tar", BASE), NAME)
    pod = TestPod(runtime, NAME)
    assert await output_of(pod, "echo x > /etc/mine; rm /etc/passwd; cat /etc/mine") == "x\n"
    assert await output_of(pod, "ls /etc", container="other") == "hostname\nhosts\npasswd\nresolv.conf\n"
    assert names_in(rootfs_of(root, id) / "etc") == ["passwd"]


async def test_mount_points_are_made_in_an_image(runtime: SandboxRuntime, tmp_path: Path) -> None:
    await runtime.import_image(write(tmp_path / "any.tar", BASE), NAME)
    (tmp_path / "file").write_text("here")
    mounts = [Mount(str(tmp_path), "/deep/er/data", read_only=True)]
    assert await output_of(TestPod(runtime, NAME), "cat /deep/er/data/file", mounts=mounts) == "here"


async def test_a_mount_point_that_is_a_symlink_stays_inside(
    runtime: SandboxRuntime, tmp_path: Path, outside: Path
) -> None:
    """Else making the mount point would make it on the node."""
    links = layer(entry("data", to=f"../../../../oldroot{outside}/made"), entry("more", to=f"/oldroot{outside}/made2"))
    await runtime.import_image(save(tmp_path / "image.tar", {NAME: [BASE, links]}))
    (tmp_path / "shared").mkdir()
    mounts = [Mount(str(tmp_path / "shared"), place) for place in ("/data", "/more")]
    await until_exited(runtime, await TestPod(runtime, NAME).start("touch /data/x", mounts=mounts))
    assert_untouched(outside)
    assert names_in(tmp_path / "shared") == ["x"]


async def test_a_kubelet_restart_keeps_images(make: OpenRuntime, runtime: SandboxRuntime, tmp_path: Path) -> None:
    id = await runtime.import_image(write(tmp_path / "any.tar", BASE), NAME)
    successor = make()
    await successor.open()
    assert await successor.ensure_image(NAME, NEVER) == id


def leave(folder: Path) -> None:
    (folder / "half/rootfs/closed").mkdir(parents=True)
    (folder / "half/rootfs/closed").chmod(0)
    (folder / "link").symlink_to(folder / "half")


async def test_what_a_crash_left_half_unpacked_is_swept_away_unless_somebody_unpacks(
    make: OpenRuntime, runtime: SandboxRuntime, root: Path
) -> None:
    coming = root / "images/coming"
    leave(coming)
    with runtime._images.kept():
        await make().open()
        assert len(names_in(coming)) == 2
    await make().open()
    assert names_in(coming) == []


@pytest.mark.parametrize("policy", [NEVER, IF_NOT_PRESENT, ALWAYS])
async def test_archives_in_the_folder_are_found_by_name(
    runtime: SandboxRuntime, root: Path, policy: pod_pb2.PullPolicy
) -> None:
    save(root / "archives/whatever.tar", {"one:1": [BASE], NAME: [BASE, layer(entry("mark", ""))]})
    write(root / "archives/exported%2Fcontainer:3.tgz", gzip.compress(BASE))
    write(root / "archives/half-copied.tar", BASE[:5000])
    write(root / "archives/readme.txt", b"no archive")
    ids = {await runtime.ensure_image(name, policy) for name in ("one:1", NAME, "exported/container:3")}
    assert len(ids) == 3
    assert await output_of(TestPod(runtime, NAME), "ls /mark") == "/mark\n"


async def test_always_takes_the_newest_from_the_folder(runtime: SandboxRuntime, root: Path) -> None:
    save(root / "archives/a.tar", {NAME: [BASE]})
    first = await runtime.ensure_image(NAME, IF_NOT_PRESENT)
    save(root / "archives/a.tar", {NAME: [BASE, layer(entry("mark", ""))]})
    assert await runtime.ensure_image(NAME, IF_NOT_PRESENT) == first
    second = await runtime.ensure_image(NAME, ALWAYS)
    assert second != first
    assert await runtime.ensure_image(NAME, NEVER) == second


@pytest.mark.parametrize(
    ("policy", "reason"), [(NEVER, "ErrImageNeverPull"), (IF_NOT_PRESENT, "ErrImagePull"), (ALWAYS, "ErrImagePull")]
)
async def test_an_absent_image_is_refused_with_advice(
    runtime: SandboxRuntime, root: Path, policy: pod_pb2.PullPolicy, reason: str
) -> None:
    with pytest.raises(ImageError, match="docker save") as caught:
        await runtime.ensure_image("peapod-test/absent:1", policy)
    assert caught.value.reason == reason
    assert str(root / "archives") in str(caught.value)


async def test_layers_lie_on_each_other(runtime: SandboxRuntime, root: Path, tmp_path: Path) -> None:
    below = layer(
        entry("keep", "1"), entry("change", "1"), entry("gone", "1"), entry("gone-folder"), entry("gone-folder/x", "1"),
        entry("opaque"), entry("opaque/old", "1"), entry("to-folder", "1"), entry("to-file"), entry("to-file/x", "1"),
        entry("alias", to="keep"),
    )  # fmt: skip
    above = layer(
        entry("change", "22"), entry(".wh.gone", ""), entry(".wh.gone-folder", ""), entry("opaque/new", "2"),
        entry("opaque/.wh..wh..opq", ""), entry("to-folder"), entry("to-folder/x", "2"), entry("to-file", "2"),
        entry("alias", "2"), entry(".wh.never-there", ""),
    )  # fmt: skip
    place = await unpacked(runtime, root, tmp_path, below, above)
    found = {str(path.relative_to(place)): path.read_text() for path in place.rglob("*") if path.is_file()}
    assert found == {
        "keep": "1", "change": "22", "opaque/new": "2", "to-folder/x": "2", "to-file": "2", "alias": "2"
    }  # fmt: skip
    assert not (place / "alias").is_symlink()


async def test_a_whiteout_does_not_hide_its_own_layer(runtime: SandboxRuntime, root: Path, tmp_path: Path) -> None:
    below = layer(entry("a"), entry("a/old", "1"))
    above = layer(entry("a/new", "2"), entry(".wh.a", ""))
    place = await unpacked(runtime, root, tmp_path, below, above)
    assert names_in(place / "a") == ["new"]


async def test_links_and_modes_are_kept(runtime: SandboxRuntime, root: Path, tmp_path: Path) -> None:
    place = await unpacked(
        runtime, root, tmp_path,
        layer(
            entry("file", "1", mode=0o640, mtime=1_000_000), entry("hard", to="file", hard=True),
            entry("soft", to="/file"), entry("set-id", "1", mode=0o6755), entry("t", mode=0o1777),
            entry("device", type=tarfile.CHRTYPE),
        ),
    )  # fmt: skip
    about = (place / "file").stat()
    assert (about.st_mode & 0o7777, about.st_mtime, about.st_nlink) == (0o640, 1_000_000, 2)
    assert (place / "soft").readlink() == Path("/file")
    assert (place / "set-id").stat().st_mode & 0o7777 == 0o755
    assert (place / "t").stat().st_mode & 0o7777 == 0o1777
