"""Two schedulers of one cluster: one is at work, and the other one knows what there is."""

from __future__ import annotations

from contextlib import AsyncExitStack

from peapod.v1.pod_service_pb2 import CreatePodRequest
from tests.service.scheduler.conftest import running_scheduler
from tests.service.scheduler.test_scheduling import report
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.objects import make_node, make_pod


async def create(api: OwnApi, name: str) -> None:
    await api.pods.create_pod(CreatePodRequest(pod=make_pod(name, ports=[80])))


def bound_and_told(seen: Following) -> int:
    """Count the pods that are bound, and of which the scheduler, which counts them too, has told that."""
    return min(len(seen.bound), sum(event.reason == "scheduled" for event in seen.events))


async def test_the_other_goes_on_at_once_with_all_that_the_first_has_decided(api: OwnApi, seen: Following) -> None:
    await report(api, *(make_node(f"n{number}") for number in range(20)))
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running_scheduler(api.address, identity="first"))
        await create(api, "p0")
        await seen.until(lambda: len(seen.bound) == 1)
        async with running_scheduler(api.address, identity="second") as second:
            for number in range(1, 10):
                await create(api, f"p{number}")
            await seen.until(lambda: bound_and_told(seen) == 10)
            await stack.aclose()
            for number in range(10, 20):
                await create(api, f"p{number}")
            await seen.until(lambda: bound_and_told(seen) == 20)
            assert (first.scheduler.bound, second.scheduler.bound) == (10, 10)
    assert len(set(seen.bound.values())) == 20, "a port is given once"


async def test_who_stands_by_explains_but_binds_nothing(api: OwnApi, seen: Following) -> None:
    await report(api, make_node("n1"))
    async with running_scheduler(api.address, identity="first") as first:
        await create(api, "a")
        await seen.until(lambda: seen.bound == {"a": "n1"})
        async with running_scheduler(api.address, identity="second") as second:
            await create(api, "b")
            await second.scheduler.learn()
            await seen.until(lambda: bool(seen.told("failedScheduling", "b")))
            assert second.scheduler.explain(seen.pods["a"]).node_name == "n1"
            assert (first.scheduler.bound, second.scheduler.bound, second.scheduler.refused) == (1, 0, 0)
            leading = [one.server.registry.get_sample_value("peapod_leading") for one in (first, second)]
            assert leading == [1, 0]
