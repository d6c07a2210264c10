"""Restarts and outages: nothing is started twice, and nothing is removed that might still be wanted."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from peapod.common.errors import Unavailable
from peapod.kubelet.lock import sole_user
from peapod.kubelet.naming import ContainerName
from peapod.kubelet.node.machine import Machine
from peapod.kubelet.runtime.runtime import Launch, Phase
from peapod.v1 import meta_pb2, pod_pb2
from tests.support.apiserver import Api, OwnApi, running_apiserver
from tests.support.following import Following, following
from tests.support.kubelet import (
    NODE,
    TroubledRuntime,
    container,
    create,
    delete,
    running_kubelet,
    told,
    until_containers,
)
from tests.support.pods import make_pod

RUNNING = pod_pb2.POD_PHASE_RUNNING


def runs(seen: Following, *names: str) -> bool:
    return all(told(seen, name).phase == RUNNING for name in names)


def node_ready(seen: Following) -> bool:
    node = seen.nodes.get(NODE)
    return node is not None and node.status.conditions[0].status == meta_pb2.CONDITION_STATUS_TRUE


async def strand(runtime: TroubledRuntime, uid: str) -> None:
    """Leave a container behind of a pod that nobody knows."""
    pod = make_pod(name="orphan", uid=uid)
    name = ContainerName("main", "0", "orphan", "default", "api", uid, 0)
    await runtime.start(Launch(name, pod, pod.spec.containers[0], "hollow/web"))


async def barrier(api: Api, seen: Following) -> None:
    """Have the kubelet do something, so that it has done what came before."""
    await create(api, make_pod(name="barrier"))
    await seen.until(lambda: runs(seen, "barrier"))


async def test_a_restarted_kubelet_adopts_what_runs(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root):
        await create(api, make_pod("a", "b"))
        await seen.until(lambda: runs(seen, "web"))
    before = await runtime.list()
    async with running_kubelet(api, runtime, root):
        await barrier(api, seen)
        assert (await runtime.list())[:2] == before
    assert sorted(runtime.started) == ["barrier/main/0", "web/a/0", "web/b/0"]


async def test_what_happened_while_the_kubelet_was_away_is_caught_up_with(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root):
        await create(api, make_pod(name="dies"))
        await create(api, make_pod(name="goes"))
        await seen.until(lambda: runs(seen, "dies", "goes"))
    dead = next(one for one in await runtime.list() if one.name.pod == "dies")
    runtime.end(dead.id, 1)
    await delete(api, "goes")
    async with running_kubelet(api, runtime, root):
        await seen.until(lambda: container(seen, "dies").restart_count == 1)
        await until_containers(runtime, 2)
        assert {one.name.pod for one in await runtime.list()} == {"dies"}


async def test_orphans_are_removed_once_all_pods_are_known(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    await strand(runtime, "lost")
    (root / "pods" / "also-lost").mkdir(parents=True)
    async with running_kubelet(api, runtime, root):
        await until_containers(runtime, 0)
        await barrier(api, seen)
        assert {path.name for path in (root / "pods").iterdir()} == {seen.pods["barrier"].metadata.uid}


async def test_without_an_apiserver_nothing_is_removed(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root):
        await create(api, make_pod())
        await seen.until(lambda: runs(seen, "web"))
    await strand(runtime, "lost")
    await api.apiserver.stop()
    async with running_kubelet(api, runtime, root):
        await runtime.looked()
    assert [one.phase for one in await runtime.list()] == [Phase.RUNNING] * 2


async def test_while_the_apiserver_is_away_containers_are_kept_running_and_statuses_wait(
    runtime: TroubledRuntime, root: Path, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        async with running_apiserver(tmp_path / "twice.db") as first, following(first) as seen:
            await stack.enter_async_context(running_kubelet(first, runtime, root))
            await create(first, make_pod())
            await seen.until(lambda: runs(seen, "web"))
        runtime.end((await runtime.list())[0].id, 5)
        await until_containers(runtime, 2)
        async with running_apiserver(tmp_path / "twice.db", address=first.address) as second, following(second) as seen:
            await seen.until(lambda: container(seen).restart_count == 1)
            await seen.until(lambda: container(seen).ready)
            assert container(seen).last_state.terminated.exit_code == 5


async def test_a_snapshot_older_than_what_was_acted_on_starts_and_removes_nothing(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    """An apiserver that lags behind still has pods that were deleted, and lacks new ones."""
    stored = await create(api, make_pod())
    await strand(runtime, "not-there-yet")
    (root / "revision").write_text(f"{stored.metadata.resource_version + 20}\n")
    async with running_kubelet(api, runtime, root):
        await seen.until(lambda: NODE in seen.nodes)
        assert not node_ready(seen)
        await runtime.looked()
        assert runtime.started == ["orphan/main/0"]
        for number in range(20):
            await create(api, make_pod(name=f"p{number}"))
        await seen.until(lambda: runs(seen, "web", "p19") and node_ready(seen))
        await until_containers(runtime, 21)
    assert int((root / "revision").read_text().split()[0]) > stored.metadata.resource_version + 20


async def test_while_the_runtime_is_away_the_node_is_not_ready_and_nothing_moves(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root):
        await create(api, make_pod())
        await seen.until(lambda: runs(seen, "web") and node_ready(seen))
        runtime.away = True
        runtime.hint("")
        await seen.until(lambda: not node_ready(seen))
        assert seen.nodes[NODE].status.conditions[0].message == "the runtime is away"
        await create(api, make_pod(name="later"))
        await delete(api, "web")
        await seen.until(lambda: "web" not in seen.pods and "later" in seen.pods)
        runtime.away = False
        await seen.until(lambda: node_ready(seen) and runs(seen, "later"))
        await until_containers(runtime, 1)
    assert runtime.started == ["web/main/0", "later/main/0"]


async def test_a_runtime_that_fails_in_the_middle_of_a_start_is_asked_again(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root):
        runtime.may_pull.clear()
        await create(api, make_pod("a", "b"))
        await seen.until(lambda: told(seen).HasField("start_time"))
        runtime.away = True
        runtime.may_pull.set()
        await seen.until(lambda: not node_ready(seen))
        runtime.away = False
        await seen.until(lambda: runs(seen, "web"))
    assert sorted(runtime.started) == ["web/a/0", "web/b/0"]


async def test_the_node_is_registered_with_what_the_machine_has(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root, labels=("disk=ssd",), cpu="3", pods=7) as kubelet:
        await seen.until(lambda: node_ready(seen))
        node = seen.nodes[NODE]
        assert dict(node.metadata.labels) == {"disk": "ssd"}
        assert (node.status.capacity["cpu"], node.status.capacity["pods"]) == ("3", "7")
        assert int(node.status.capacity["memory"]) > 1 << 20
        assert node.status.daemon_endpoints.kubelet_address == kubelet.server.address
        assert {one.type: one.address for one in node.status.addresses}["InternalIP"] == "127.0.0.1"
        assert node.status.node_info.boot_id == Machine.read().boot_id != ""
        assert node.status.node_info.container_runtime_version == "hollow://1"


def test_a_second_kubelet_is_kept_out_of_the_first_ones_directory(root: Path) -> None:
    with sole_user(root), pytest.raises(Unavailable, match="another kubelet works in"), sole_user(root):
        pass
    with sole_user(root):
        pass
