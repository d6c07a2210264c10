"""Where manifests come from: a directory that is watched, and a URL that is fetched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from peapod.common import process
from peapod.kubelet.sources.fetch import Fetched, FetchError, fetch
from peapod.kubelet.sources.manifest_dir import ManifestDir
from peapod.kubelet.sources.manifest_url import ManifestUrl
from peapod.kubelet.sources.manifests import Origin
from peapod.kubelet.sources.static_pods import StaticPods
from peapod.kubelet.sources.static_source import StaticSource
from peapod.v1 import meta_pb2
from tests.support.following import PATIENCE
from tests.support.manifests import Answer, manifest, put, served
from tests.support.ports import free_port

NEVER = 3600.0


class Followed:
    """A source, and what it complained of."""

    def __init__(self, make: Callable[[StaticPods], ManifestDir | ManifestUrl]) -> None:
        self.complaints: list[str] = []
        self.source = make(StaticPods(Origin("file", "n1"), self._record))
        self._changed = asyncio.Event()
        self.source.on_change(self._changed.set)

    def names(self) -> set[str] | None:
        pods = self.source.pods()
        return None if pods is None else {pod.metadata.name.removesuffix("-n1") for pod in pods.values()}

    def images(self) -> set[str]:
        return {pod.spec.containers[0].image for pod in (self.source.pods() or {}).values()}

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    def _record(self, _about: meta_pb2.ObjectReference, _reason: str, message: str) -> None:
        self.complaints.append(message)
        self._changed.set()


@asynccontextmanager
async def directory(path: Path, seconds: float = NEVER) -> AsyncGenerator[Followed]:
    followed = Followed(lambda pods: ManifestDir(path, pods, seconds))
    running = process.spawn(followed.source.run, "directory")
    try:
        yield followed
    finally:
        await process.end(running)


@asynccontextmanager
async def url(answer: Answer, seconds: float = 0.05) -> AsyncGenerator[Followed]:
    followed = Followed(lambda pods: ManifestUrl(answer.url, pods, seconds))
    running = process.spawn(followed.source.run, "url")
    try:
        yield followed
    finally:
        await process.end(running)


async def test_files_that_come_change_and_go_are_heard_of(tmp_path: Path) -> None:
    put(tmp_path, "a.json", manifest("a"))
    async with directory(tmp_path) as followed:
        await followed.until(lambda: followed.names() == {"a"})
        (tmp_path / "b.yaml").write_text("version: v1beta1\nid: b\ncontainers: [{name: main, image: first}]\n")
        await followed.until(lambda: followed.names() == {"a", "b"})
        (tmp_path / "b.yaml").write_text("version: v1beta1\nid: b\ncontainers: [{name: main, image: second}]\n")
        await followed.until(lambda: "second" in followed.images())
        (tmp_path / "a.json").unlink()
        await followed.until(lambda: followed.names() == {"b"})
        (tmp_path / "b.yaml").rename(tmp_path / "b.yaml.off")
        await followed.until(lambda: followed.names() == set())
        assert followed.source.complete
        assert followed.complaints == []


async def test_only_manifests_of_the_directory_itself_are_read(tmp_path: Path) -> None:
    for name in (".hidden.json", "readme.txt", "b.yml"):
        put(tmp_path, name, manifest(name.strip(".").partition(".")[0]))
    deeper = tmp_path / "deeper.json"
    deeper.mkdir()
    put(deeper, "c.json", manifest("c"))
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    (tmp_path / "linked.json").symlink_to(put(elsewhere, "d.json", manifest("linked")))
    async with directory(tmp_path) as followed:
        await followed.until(lambda: followed.names() == {"b", "linked"})


async def test_one_file_may_be_all(tmp_path: Path) -> None:
    path = put(tmp_path, "only.json", manifest("a"), manifest("b"))
    async with directory(path) as followed:
        await followed.until(lambda: followed.names() == {"a", "b"})
        put(tmp_path, "other.json", manifest("other"))
        put(tmp_path, "only.json", manifest("c"))
        await followed.until(lambda: followed.names() == {"c"})
        path.unlink()
        await followed.until(lambda: followed.names() == set())
        put(tmp_path, "only.json", manifest("d"))
        await followed.until(lambda: followed.names() == {"d"})


async def test_a_file_that_is_half_written_or_cannot_be_read_keeps_its_pods(tmp_path: Path) -> None:
    put(tmp_path, "a.json", manifest("a"))
    put(tmp_path, "b.json", manifest("b"))
    async with directory(tmp_path) as followed:
        await followed.until(lambda: followed.names() == {"a", "b"})
        for bad in (json.dumps(manifest("a"))[:30].encode(), b"\xff\xfe", b""):
            (tmp_path / "a.json").write_bytes(bad)
            said = len(followed.complaints)
            await followed.until(lambda said=said: len(followed.complaints) > said)  # type: ignore[misc]
            assert followed.names() == {"a", "b"}
        assert any("is not UTF-8" in complaint for complaint in followed.complaints)
        (tmp_path / "b.json").unlink()
        await followed.until(lambda: followed.names() == {"a"})
        put(tmp_path, "a.json", manifest("a", "new"))
        await followed.until(lambda: followed.images() == {"new"})


async def test_a_broken_file_leaves_open_what_it_had_before(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    put(tmp_path, "b.json", manifest("b"))
    async with directory(tmp_path) as followed:
        await followed.until(lambda: followed.names() == {"b"})
        assert not followed.source.complete
        put(tmp_path, "a.json", manifest("a"))
        await followed.until(lambda: followed.names() == {"a", "b"})
        assert followed.source.complete


async def test_a_directory_that_goes_takes_nothing_along(tmp_path: Path) -> None:
    path = tmp_path / "manifests"
    path.mkdir()
    put(path, "a.json", manifest("a"))
    async with directory(path) as followed:
        await followed.until(lambda: followed.names() == {"a"})
        path.rename(tmp_path / "aside")
        await followed.until(lambda: len(followed.complaints) == 1)
        assert followed.names() == {"a"}
        path.mkdir()
        put(path, "b.json", manifest("b"))
        await followed.until(lambda: followed.names() == {"b"})


async def test_a_directory_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "manifests"
    async with directory(path, seconds=0.05) as followed:
        await followed.until(lambda: len(followed.complaints) == 1)
        assert followed.names() is None
        path.mkdir(parents=True)
        put(path, "a.json", manifest("a"))
        await followed.until(lambda: followed.names() == {"a"})


async def test_a_url_is_fetched_again_and_again_but_sent_only_when_it_has_changed() -> None:
    async with served() as answer:
        answer.body, answer.etag = json.dumps([manifest("a"), manifest("b")]), '"1"'
        async with url(answer) as followed:
            await followed.until(lambda: followed.names() == {"a", "b"})
            await answer.until_asked()
            assert answer.requests[-1]["If-None-Match"] == '"1"'
            assert "If-None-Match" not in answer.requests[0]
            answer.body, answer.etag = json.dumps(manifest("a")), '"2"'
            await followed.until(lambda: followed.names() == {"a"})
            answer.body, answer.etag = "", '"3"'
            await followed.until(lambda: followed.names() == set())


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        ("500 Internal Server Error", "", "the answer is 500 Internal Server Error"),
        ("404 Not Found", "[]", "the answer is 404 Not Found"),
        ("200 OK", "{", "line 1 column 2"),
    ],
)
async def test_an_answer_that_is_none_changes_nothing(status: str, body: str, why: str) -> None:
    async with served() as answer:
        answer.body = json.dumps(manifest("a"))
        async with url(answer) as followed:
            await followed.until(lambda: followed.names() == {"a"})
            answer.status, answer.body = status, body
            await followed.until(lambda: len(followed.complaints) == 1)
            await answer.until_asked()
            assert followed.names() == {"a"}
            assert len(followed.complaints) == 1
            assert why in followed.complaints[0]
            answer.status, answer.body = "200 OK", json.dumps(manifest("b"))
            await followed.until(lambda: followed.names() == {"b"})


async def test_nothing_is_known_while_no_server_answers() -> None:
    answer = Answer(url=f"http://127.0.0.1:{free_port()}/")
    async with url(answer) as followed:
        await followed.until(lambda: len(followed.complaints) == 1)
        assert followed.names() is None
        assert not followed.source.complete
        assert isinstance(followed.source, StaticSource)


async def test_a_text_that_breaks_off_is_no_answer() -> None:
    async with served() as answer:
        answer.body, answer.headers = json.dumps(manifest()), {"Content-Length": "100000"}
        with pytest.raises(FetchError, match="breaks off"):
            await fetch(answer.url, {})


async def test_a_redirection_is_followed_but_not_forever() -> None:
    async with served() as answer, served() as other:
        other.status, other.headers = "302 Found", {"Location": answer.url}
        answer.body = "[]"
        assert await fetch(other.url, {}) == Fetched("[]", {})
        other.headers = {"Location": other.url}
        with pytest.raises(FetchError, match="redirections"):
            await fetch(other.url, {})


async def test_a_name_and_a_password_are_sent_along() -> None:
    async with served() as answer:
        await fetch(answer.url.replace("//", "//me:p%40ss@"), {})
        assert answer.requests[0]["Authorization"] == "Basic bWU6cEBzcw=="
        assert "@" not in answer.requests[0]["Host"]


async def test_a_file_is_not_fetched_over_http() -> None:
    with pytest.raises(FetchError, match="no HTTP address"):
        await fetch("file:///etc/passwd", {})
