"""Clones by the system's git, from this machine's disk and over HTTP on loopback."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from peapod.kubelet.volumes.git_repo import GitRepo
from peapod.kubelet.volumes.volume import VolumeError
from peapod.kubelet.volumes.volumes import Volumes
from peapod.v1 import pod_pb2
from tests.support.pods import make_pod
from tests.support.volumes import commit, make_repository

PATIENCE = 30.0


@pytest.fixture
def volumes(root: Path) -> Volumes:
    return Volumes(root, [GitRepo()])


def pod_with(repository: str, revision: str = "") -> pod_pb2.Pod:
    pod = make_pod()
    volume = pod.spec.volumes.add(name="code")
    volume.git_repo.repository, volume.git_repo.revision = repository, revision
    return pod


async def test_a_repository_is_cloned_once_and_is_the_pods_from_then_on(
    volumes: Volumes, tmp_path: Path, root: Path
) -> None:
    make_repository(tmp_path / "site", page="one")
    place = (await volumes.set_up(pod_with(f"file://{tmp_path}/site")))["code"]
    assert (place / "site" / "page").read_text() == "one"
    (place / "site" / "page").write_text("changed by the pod")
    commit(tmp_path / "site", page="two")
    for one in (volumes, Volumes(root, [GitRepo()])):
        assert (await one.set_up(pod_with(f"file://{tmp_path}/site")))["code"] == place
    assert (place / "site" / "page").read_text() == "changed by the pod"
    await volumes.tear_down("uid-1")
    assert volumes.uids() == set()
    assert (tmp_path / "site" / "page").read_text() == "two"


@pytest.mark.parametrize("by", ["commit", "tag", "branch"])
async def test_a_revision_is_checked_out(volumes: Volumes, tmp_path: Path, by: str) -> None:
    site = tmp_path / "site"
    first = make_repository(site, page="one")
    subprocess.run(["git", "-C", site, "tag", "v1"], check=True)  # noqa: ASYNC221
    subprocess.run(["git", "-C", site, "branch", "old"], check=True)  # noqa: ASYNC221
    commit(site, page="two")
    revision = {"commit": first, "tag": "v1", "branch": "old"}[by]
    place = (await volumes.set_up(pod_with(str(site), revision)))["code"]
    assert (place / "site" / "page").read_text() == "one"
    await volumes.tear_down("uid-1")


async def test_nothing_of_a_clone_is_shared_with_the_repository(volumes: Volumes, tmp_path: Path) -> None:
    make_repository(tmp_path / "site", page="one")
    place = (await volumes.set_up(pod_with(str(tmp_path / "site"))))["code"]
    assert {file.stat().st_nlink for file in place.rglob("*") if file.is_file()} == {1}
    assert not (place / "site/.git/objects/info/alternates").exists()
    await volumes.tear_down("uid-1")


async def test_a_clone_that_was_cut_short_is_made_anew(
    volumes: Volumes, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_repository(tmp_path / "site", page="one")
    pod = pod_with(str(tmp_path / "site"), "no-such-revision")
    with pytest.raises(VolumeError, match="no-such-revision"):
        await volumes.set_up(pod)
    half = root / "pods/uid-1/volumes/kubernetes.io~git-repo/code/site/page"
    assert half.exists()
    half.with_name("stray").touch()
    pod.spec.volumes[0].git_repo.revision = "main"
    await volumes.set_up(pod)
    assert sorted(path.name for path in half.parent.iterdir()) == [".git", "page"]
    await volumes.tear_down("uid-1")


async def test_what_git_complains_of_is_said(volumes: Volumes, tmp_path: Path) -> None:
    with pytest.raises(VolumeError, match="does not appear to be a git repository"):
        await volumes.set_up(pod_with(f"file://{tmp_path}/absent"))
    await volumes.tear_down("uid-1")


@pytest.mark.parametrize(
    ("repository", "revision"),
    [
        ("ext::sh -c 'touch {tmp}/hacked'", ""),
        ("--upload-pack=touch {tmp}/hacked", ""),
        ("{tmp}/site", "--orphan=x"),
    ],
)
async def test_no_repository_runs_a_program(volumes: Volumes, tmp_path: Path, repository: str, revision: str) -> None:
    make_repository(tmp_path / "site", page="one")
    pod = pod_with(repository.format(tmp=tmp_path), revision)
    assert [one.field for one in volumes.refusals(pod)] == ["spec.volumes[0]"]
    with pytest.raises(VolumeError):
        await volumes.set_up(pod)
    assert not (tmp_path / "hacked").exists()
    await volumes.tear_down("uid-1")


class Server:
    """Answers git over HTTP: with what is in a directory, with a demand for a password, or not at all."""

    def __init__(self, directory: Path) -> None:
        self.asked, self.may_answer = Event(), Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.set()
                if self.path.startswith("/private"):
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="private"')
                    self.end_headers()
                    return
                if self.path.startswith("/slow"):
                    server.may_answer.wait(PATIENCE)
                    return
                file = directory / self.path.partition("?")[0].lstrip("/")
                self.send_response(200 if file.is_file() else 404)
                self.end_headers()
                if file.is_file():
                    self.wfile.write(file.read_bytes())

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._http.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def close(self) -> None:
        self.may_answer.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.close()


async def test_a_repository_is_cloned_over_http(volumes: Volumes, tmp_path: Path, server: Server) -> None:
    make_repository(tmp_path / "site", page="one")
    subprocess.run(["git", "-C", tmp_path / "site", "update-server-info"], check=True)  # noqa: ASYNC221
    place = (await volumes.set_up(pod_with(f"{server.url}/site/.git", "main")))["code"]
    assert (place / "site" / "page").read_text() == "one"
    await volumes.tear_down("uid-1")


async def test_nobody_is_asked_for_a_password(volumes: Volumes, server: Server) -> None:
    with pytest.raises(VolumeError, match=r"could not read Username .* terminal prompts disabled"):
        await volumes.set_up(pod_with(f"{server.url}/private"))
    await volumes.tear_down("uid-1")


async def test_a_clone_that_nobody_waits_for_is_ended(volumes: Volumes, server: Server) -> None:
    cloning = asyncio.create_task(volumes.set_up(pod_with(f"{server.url}/slow")))
    assert await asyncio.to_thread(server.asked.wait, PATIENCE)
    assert [child.name() for child in children()]
    cloning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cloning
    assert children() == []
    await volumes.tear_down("uid-1")


async def test_a_clone_that_takes_too_long_is_ended(
    volumes: Volumes, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peapod.kubelet.volumes.git_repo._SECONDS", 1.0)
    with pytest.raises(VolumeError, match=r"^git took more than 1 s and was ended$"):
        await volumes.set_up(pod_with(f"{server.url}/slow"))
    assert children() == []
    await volumes.tear_down("uid-1")


def children() -> list[psutil.Process]:
    """The processes of git that this test has started and that are not over."""
    mine = psutil.Process(os.getpid()).children(recursive=True)
    return [one for one in mine if one.status() != psutil.STATUS_ZOMBIE and one.name().startswith("git")]
