"""No archive reads, writes or removes anything outside its own root, and a bad one leaves nothing behind."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from peapod.kubelet.runtime.runtime import ImageError
from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from tests.service.sandbox_runtime.conftest import names_in
from tests.support.archives import entry, layer, save

Layers = list[list[tarfile.TarInfo]]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that no archive may touch."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_text("as it was")
    (folder / "precious").chmod(0o600)
    return folder


def assert_untouched(outside: Path) -> None:
    assert names_in(outside) == ["precious"]
    about = (outside / "precious").stat()
    assert (about.st_mode & 0o7777, about.st_nlink) == (0o600, 1)
    assert (outside / "precious").read_text() == "as it was"


HARMLESS: dict[str, Callable[[str], Layers]] = {
    "an absolute name": lambda out: [[entry(f"{out}/evil", "x")]],
    "through an absolute link": lambda out: [[entry("d", to=out), entry("d/evil", "x")]],
    "through a climbing link": lambda out: [[entry("d", to="../" * 30 + out), entry("d/evil", "x")]],
    "through a link of a lower layer": lambda out: [[entry("d", to=out)], [entry("d/precious", "x")]],
    "through a link of a link": lambda out: [[entry("a", to=out), entry("b", to="a"), entry("b/c/evil", "x")]],
    "over a link to a file": lambda out: [[entry("f", to=f"{out}/precious"), entry("f", "x", mode=0o777)]],
    "a folder over a link": lambda out: [[entry("d", to=out), entry("d", mode=0o777), entry("d/evil", "x")]],
    "a link to a link": lambda out: [
        [entry("s", to=f"{out}/precious"), entry("h", to="s", hard=True), entry("h", "x")]
    ],
    "a whiteout through a link": lambda out: [[entry("d", to=out)], [entry("d/.wh.precious", "")]],
    "an opaque folder through a link": lambda out: [[entry("d", to=out)], [entry("d/.wh..wh..opq", "")]],
    "a folder that becomes a link": lambda out: [
        [entry("d"), entry("d/precious", "y")], [entry(".wh.d", ""), entry("d", to=out), entry("d/precious", "x")]
    ],
}  # fmt: skip

REFUSED: dict[str, Callable[[str], Layers]] = {
    "a climbing name": lambda out: [[entry(f"../../../../../..{out}/evil", "x")]],
    "a name that climbs in the middle": lambda out: [[entry("a"), entry(f"a/../../../../..{out}/evil", "x")]],
    "a hard link to an absolute name": lambda out: [[entry("h", to=f"{out}/precious", hard=True)]],
    "a hard link that climbs": lambda out: [[entry("h", to="../" * 30 + f"{out}/precious", hard=True)]],
    "a hard link through a link": lambda out: [
        [entry("d", to=out), entry("h", to="d/precious", hard=True), entry("h", "x")]
    ],
    "a whiteout of the folder itself": lambda out: [[entry("d"), entry("d/.wh..", "")]],
    "a whiteout of the folder above": lambda out: [[entry("d"), entry("d/.wh...", "")]],
    "a climbing whiteout": lambda out: [[entry(f"../../../../../..{out}/.wh.precious", "")]],
    "a link without end": lambda out: [[entry("a", to="b"), entry("b", to="a"), entry("a/x", "x")]],
    "a file in a file": lambda out: [[entry("f", "x"), entry("f/x", "x")]],
    "a link as the root": lambda out: [[entry(".", to=out), entry("evil", "x")]],
    "a name too long": lambda out: [[entry("x" * 300, "x")]],
}


async def import_layers(runtime: SandboxRuntime, tmp_path: Path, layers: Layers) -> str:
    return await runtime.import_image(save(tmp_path / "image.tar", {"it:1": [layer(*each) for each in layers]}))


def assert_nothing_left(root: Path) -> None:
    for folder in ("unpacked", "names", "coming"):
        assert names_in(root / "images" / folder) == []


@pytest.mark.parametrize("case", HARMLESS)
async def test_it_stays_inside(runtime: SandboxRuntime, tmp_path: Path, outside: Path, case: str) -> None:
    await import_layers(runtime, tmp_path, HARMLESS[case](str(outside)))
    assert_untouched(outside)


@pytest.mark.parametrize("case", REFUSED)
async def test_it_is_refused_whole(
    runtime: SandboxRuntime, root: Path, tmp_path: Path, outside: Path, case: str
) -> None:
    layers = [[entry("good", "x")], *REFUSED[case](str(outside))]
    with pytest.raises(ImageError, match=r"image\.tar") as caught:
        await import_layers(runtime, tmp_path, layers)
    assert caught.value.reason == "BadImageArchive"
    assert_untouched(outside)
    assert_nothing_left(root)


def tar_of(path: Path, files: dict[str, bytes]) -> None:
    save(path, {})
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            (path.parent / "content").write_bytes(content)
            tar.add(path.parent / "content", name)


MANIFEST = [{"Config": "c.json", "RepoTags": ["it:1"], "Layers": ["l.tar"]}]
BROKEN: dict[str, dict[str, bytes]] = {
    "a manifest that is no JSON": {"manifest.json": b"{"},
    "a manifest that is no list": {"manifest.json": b"3"},
    "a manifest of nothing": {"manifest.json": b"[]"},
    "a manifest of no images": {"manifest.json": b"[1]"},
    "a config that is absent": {"manifest.json": json.dumps(MANIFEST).encode()},
    "a config that is no object": {"manifest.json": json.dumps(MANIFEST).encode(), "c.json": b"[]"},
    "a layer that is absent": {"manifest.json": json.dumps(MANIFEST).encode(), "c.json": b"{}"},
    "a layer that is no tar": {"manifest.json": json.dumps(MANIFEST).encode(), "c.json": b"{}", "l.tar": b"?" * 2000},
    "a layer of the node": {
        "manifest.json": json.dumps([MANIFEST[0] | {"Layers": ["/etc/passwd"]}]).encode(), "c.json": b"{}"
    },
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
async def test_a_broken_archive_is_refused(runtime: SandboxRuntime, root: Path, tmp_path: Path, case: str) -> None:
    tar_of(tmp_path / "image.tar", BROKEN[case])
    with pytest.raises(ImageError, match=r"image\.tar"):
        await runtime.import_image(tmp_path / "image.tar")
    assert_nothing_left(root)


@pytest.mark.parametrize("content", [b"", b"no tar at all", b"\x1f\x8bgarbage" * 100])
async def test_what_is_no_archive_is_refused(
    runtime: SandboxRuntime, root: Path, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "image.tar").write_bytes(content)
    with pytest.raises(ImageError, match=r"image\.tar"):
        await runtime.import_image(tmp_path / "image.tar", "it:1")
    assert_nothing_left(root)


async def test_an_archive_that_was_cut_off_is_refused(runtime: SandboxRuntime, root: Path, tmp_path: Path) -> None:
    whole = save(tmp_path / "image.tar", {"it:1": [layer(entry("f", "x" * 100_000))]})
    (tmp_path / "image.tar").write_bytes(whole.read_bytes()[:50_000])
    with pytest.raises(ImageError, match=r"image\.tar"):
        await runtime.import_image(tmp_path / "image.tar", "it:1")
    assert_nothing_left(root)


async def test_several_images_need_a_name(runtime: SandboxRuntime, tmp_path: Path) -> None:
    archive = save(tmp_path / "image.tar", {"a:1": [layer(entry("a", ""))], "b:1": [layer(entry("b", ""))]})
    with pytest.raises(ImageError, match="a:1, b:1"):
        await runtime.import_image(archive)
    assert await runtime.import_image(archive, "b:1") != await runtime.import_image(archive, "a:1")


async def test_an_archive_that_is_absent(runtime: SandboxRuntime, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="absent"):
        await runtime.import_image(tmp_path / "absent.tar", "it:1")
