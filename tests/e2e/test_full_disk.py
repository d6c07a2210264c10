"""`peapod up` on a disk that is full: it says so, harms nothing, and goes on when there is room."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path

import grpc
import pytest

from peapod.common.errors import StoreFull, from_rpc
from peapod.v1 import pod_service_pb2 as pb
from tests.support.apiserver import Api, connected
from tests.support.cluster import Cluster
from tests.support.disks import Relieve, small_disk
from tests.support.following import following
from tests.support.objects import make_pod
from tests.support.processes import Node, running_up
from tests.support.tally import Tally
from tests.support.worlds import World, all_run, create, remove, told

SAID = "the disk of the store is full, or refuses writes: nothing was written"


@pytest.fixture
async def relieve(tmp_path: Path) -> AsyncGenerator[Relieve]:
    """The state directory is on a small disk; the value makes room."""
    (tmp_path / "state").mkdir()
    with small_disk(tmp_path / "state", 8) as relieve:
        yield relieve


async def fill(api: Api, disk: Path) -> list[str]:
    """Fill the disk up, and then what the store still has room for; return the names of the pods that it took."""
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    taken: list[str] = []
    while True:
        pod = make_pod(f"large-{len(taken)}", selector={"no": "where"})
        pod.metadata.annotations["filler"] = "x" * 60_000
        try:
            await api.pods.create_pod(pb.CreatePodRequest(pod=pod))
        except grpc.RpcError as error:
            if not isinstance(from_rpc(error), StoreFull):
                raise
            return taken
        taken.append(pod.metadata.name)


def manifest(name: str) -> str:
    container = {"name": "main", "image": "host", "command": ["sleep", "600"]}
    manifest = {"version": "v1beta1", "id": name, "containers": [container]}
    return json.dumps({"id": name, "kind": "Pod", "apiVersion": "v1beta1", "desiredState": {"manifest": manifest}})


async def test_a_cluster_on_a_full_disk(tmp_path: Path, relieve: Relieve, node_name: str) -> None:
    state, log = tmp_path / "state", tmp_path / "log"
    (tmp_path / "tally").mkdir()
    node, tally = Node(state, node_name, "sandbox"), Tally(tmp_path / "tally", "host")
    async with running_up(state, node, log) as up, connected(up.address) as api, following(api) as seen:
        world, cluster = World(up.address, [up], node, tally, tmp_path), Cluster(up.address, (node_name,))
        await create(api, world.pod("runs"))
        await seen.until(lambda: all_run(seen, ["runs"]))
        before = tally.processes(), told(seen, ["runs"])
        taken = await fill(api, state)

        refused = await asyncio.to_thread(cluster.peapod, "create", "-f", "-", given=manifest("new"), fails=True)
        assert refused == f"error: standard input: {SAID}\n"
        listed = await asyncio.to_thread(cluster.peapod, "get", "pods", "--no-headers")
        assert {line.split()[0] for line in listed.splitlines() if line[0] != " "} == {"runs", *taken}

        await up.kill()
        assert await up.try_to_start() == ""
        assert SAID in log.read_text()
        assert log.read_text().endswith("error: the apiserver ended with status 1 before the cluster was ready\n")
        assert tally.processes() == before[0]

        relieve()
        await up.start()
        assert await asyncio.to_thread(cluster.peapod, "create", "-f", "-", given=manifest("new")) == "new\n"
        await seen.until(lambda: all_run(seen, ["runs", "new"]))
        assert (tally.processes(), told(seen, ["runs"])) == before
        await remove(world, api, seen, ["runs", "new"])
        assert await node.containers() == []


async def test_a_running_cluster_goes_on_when_there_is_room_again(
    tmp_path: Path, relieve: Relieve, node_name: str
) -> None:
    node = Node(tmp_path / "state", node_name, "sandbox")
    async with running_up(node.root.parent, node, tmp_path / "log") as up, connected(up.address) as api:
        await fill(api, node.root.parent)
        relieve()
        await create(api, make_pod("small"))
    assert "ended with" not in (tmp_path / "log").read_text()
