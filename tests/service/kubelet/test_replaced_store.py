"""A store that lost its data, or was put in the place of another: what it does not know is not what nobody wants."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from peapod.v1 import meta_pb2, pod_pb2
from tests.support.apiserver import OwnApi, running_apiserver
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
from tests.support.ports import free_port
from tests.support.worlds import gone

RUNNING = pod_pb2.POD_PHASE_RUNNING


class Stores:
    """Stores that an apiserver at one address has in turn."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._address = f"127.0.0.1:{free_port()}"

    @asynccontextmanager
    async def serve(self, name: str) -> AsyncGenerator[tuple[OwnApi, Following]]:
        async with running_apiserver(self._folder / name, address=self._address) as api, following(api) as seen:
            yield api, seen


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return Stores(tmp_path)


def doubts(seen: Following) -> bool:
    node = seen.nodes.get(NODE)
    return node is not None and node.status.conditions[0].reason == "StoreReplaced"


async def outgrow(api: OwnApi, root: Path) -> None:
    """Make the store's revision higher than any that the kubelet has seen."""
    seen = int((root / "revision").read_text().split()[0])
    revision = 0
    while revision <= seen:
        pod = await create(api, make_pod(name=f"elsewhere-{revision}"), node="elsewhere")
        revision = pod.metadata.resource_version


async def test_containers_outlive_the_store_that_knew_of_them(
    stores: Stores, runtime: TroubledRuntime, root: Path
) -> None:
    async with stores.serve("first") as (api, seen), running_kubelet(api, runtime, root):
        await create(api, make_pod())
        await seen.until(lambda: told(seen).phase == RUNNING)
    before = await runtime.list()
    async with stores.serve("second") as (api, seen):
        await outgrow(api, root)
        async with running_kubelet(api, runtime, root, heartbeat_seconds=0.1):
            await create(api, make_pod(name="new"))
            await seen.until(lambda: doubts(seen))
            await runtime.looked()
            assert await runtime.list() == before
            condition = seen.nodes[NODE].status.conditions[0]
            assert condition.status == meta_pb2.CONDITION_STATUS_FALSE
            assert f"delete {root / 'revision'}" in condition.message
        (root / "revision").unlink()
        async with running_kubelet(api, runtime, root):
            await seen.until(lambda: told(seen, "new").phase == RUNNING)
            await until_containers(runtime, 1)
            assert [one.name.pod for one in await runtime.list()] == ["new"]


async def test_a_store_that_is_replaced_under_a_running_kubelet_ends_nothing(
    stores: Stores, runtime: TroubledRuntime, root: Path
) -> None:
    async with AsyncExitStack() as stack:
        async with stores.serve("first") as (api, seen):
            await stack.enter_async_context(running_kubelet(api, runtime, root, heartbeat_seconds=0.1))
            await create(api, make_pod())
            await seen.until(lambda: told(seen).phase == RUNNING)
        async with stores.serve("second") as (api, seen):
            await outgrow(api, root)
            await create(api, make_pod(name="new"))
            await seen.until(lambda: doubts(seen))
            runtime.end((await runtime.list())[0].id, 1)
            await until_containers(runtime, 2)
            assert [one.name.pod for one in await runtime.list()] == ["web", "web"]
        async with stores.serve("first") as (api, seen):
            await seen.until(lambda: container(seen).restart_count == 1 and container(seen).ready)
            await create(api, make_pod(name="later"))
            await seen.until(lambda: told(seen, "later").phase == RUNNING and not doubts(seen))
    assert runtime.started == ["web/main/0", "web/main/1", "later/main/0"]


async def test_a_node_without_pods_serves_whatever_store_there_is(
    stores: Stores, runtime: TroubledRuntime, root: Path
) -> None:
    async with stores.serve("first") as (api, seen), running_kubelet(api, runtime, root):
        pod = await create(api, make_pod())
        await seen.until(lambda: told(seen).phase == RUNNING)
        await delete(api, "web")
        await gone([root / "pods" / pod.metadata.uid])
        for number in range(20):
            await create(api, make_pod(name=f"p{number}"), node="elsewhere")
    async with stores.serve("second") as (api, seen), running_kubelet(api, runtime, root):
        await create(api, make_pod(name="new"))
        await seen.until(lambda: told(seen, "new").phase == RUNNING)
