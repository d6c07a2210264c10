"""Static pods of `peapod up` on the real engine: seen, spoken to, kept, and gone with their manifests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support.cluster import Cluster, running
from tests.support.docker_pods import FOREVER
from tests.support.manifests import manifest, put, served
from tests.support.processes import Node, Up, running_up

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("pod_images"), pytest.mark.timeout(180)]

T = TypeVar("T")


@pytest.fixture
def node(tmp_path: Path, node_name: str) -> Node:
    return Node(tmp_path / "state", node_name, "docker")


def speaking(name: str, words: str, **fields: Any) -> dict[str, Any]:
    """A manifest of a container that says something once and stays."""
    container = {"name": "main", "image": "peapod-test/busybox:1", "command": ["sh", "-c", f"echo {words}; {FOREVER}"]}
    return manifest(name, containers=[container], **fields)


def cluster_of(up: Up, node: Node) -> Cluster:
    return Cluster(up.address, (node.name,))


async def ask(call: Callable[..., T], *arguments: Any, **options: Any) -> T:
    """Do what blocks in a thread."""
    return await asyncio.to_thread(call, *arguments, **options)


async def ids(cluster: Cluster, pod: str) -> set[str]:
    return {one["Id"] for one in await ask(cluster.containers, pod)}


async def test_pods_of_a_directory(node: Node, tmp_path: Path) -> None:
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    put(manifests, "web.json", speaking("web", "hello"))
    web = f"web-{node.name}"
    async with running_up(node.root.parent, node, tmp_path / "up.log", flags=("--manifest-dir", str(manifests))) as up:
        cluster = cluster_of(up, node)
        await ask(cluster.wait_for_pods, [web], running)
        listed = await ask(cluster.peapod, "get", "pods")
        assert web in listed
        assert "Running" in listed
        await ask(cluster.wait_for_log, web, "main", "hello")
        assert await ask(cluster.peapod, "exec", "-p", web, "-c", "main", "--", "hostname") == f"{web}\n"
        refused = await ask(cluster.peapod, "delete", "pod", web, fails=True)
        assert "static pod" in refused
        before = await ids(cluster, web)
        assert len(before) == 2
        await up.kill()
        await up.start()
        put(manifests, "more.json", speaking("more", "hello too"))
        await ask(cluster.wait_for_pods, [web, f"more-{node.name}"], running)
        assert await ids(cluster, web) == before
        (manifests / "web.json").unlink()
        await ask(cluster.wait_until_gone, web)
        (manifests / "more.json").unlink()
        await ask(cluster.wait_until_gone, f"more-{node.name}")


async def test_pods_of_a_server(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEAPOD_KUBELET_MANIFEST_SECONDS", "0.5")
    far = f"far-{node.name}"
    async with served() as answer:
        answer.body = json.dumps([speaking("far", "first")])
        flags = ("--manifest-url", answer.url)
        async with running_up(node.root.parent, node, tmp_path / "up.log", flags=flags) as up:
            cluster = cluster_of(up, node)
            (shown,) = (await ask(cluster.wait_for_pods, [far], running)).values()
            assert shown.metadata.annotations["kubernetes.io/config.source"] == "http"
            await ask(cluster.wait_for_log, far, "main", "first")
            before = await ids(cluster, far)
            answer.status = "500 Internal Server Error"
            await answer.until_asked(3)
            assert await ids(cluster, far) == before
            answer.status, answer.body = "200 OK", json.dumps([speaking("far", "second")])
            await ask(cluster.wait_for_pods, [far], lambda pod: running(pod) and pod.metadata.uid != shown.metadata.uid)
            await ask(cluster.wait_for_log, far, "main", "second")
            answer.body = ""
            await ask(cluster.wait_until_gone, far)
