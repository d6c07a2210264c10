"""Logs, as the apiserver relays them from the node."""

from __future__ import annotations

import asyncio
import re

import grpc
import pytest

from peapod.common.channel import open_channel
from peapod.common.errors import NotFound, NotReady, from_rpc
from peapod.kubelet.server import Kubelet
from peapod.v1 import kubelet_service_pb2, log_pb2, pod_pb2, pod_service_pb2
from peapod.v1.kubelet_service_rpc import KubeletServiceClient
from tests.support.apiserver import OwnApi
from tests.support.following import PATIENCE, Following
from tests.support.kubelet import TroubledRuntime, container, create, told
from tests.support.pods import make_pod

RUNNING = pod_pb2.POD_PHASE_RUNNING


async def read(api: OwnApi, container: str = "main", **options: object) -> str:
    """Read a log of the pod web to its end."""
    request = pod_service_pb2.StreamPodLogsRequest(
        namespace="default",
        name="web",
        container=container,
        options=log_pb2.LogOptions(**options),  # type: ignore[arg-type]
    )
    async with api.pods.stream_pod_logs(request) as stream:
        return b"".join([piece.data async for piece in stream]).decode()


@pytest.fixture
async def running(api: OwnApi, kubelet: Kubelet, seen: Following) -> pod_pb2.Pod:
    """The pod web, which runs on a node that is registered."""
    pod = await create(api, make_pod())
    await seen.until(lambda: seen.nodes != {} and told(seen).phase == RUNNING)
    return pod


async def test_a_log_comes_from_the_node(api: OwnApi, running: pod_pb2.Pod) -> None:
    assert await read(api) == "main of web runs hollow/web\n"
    stamped = await read(api, timestamps=True)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z main of web runs hollow/web\n", stamped)


async def test_a_followed_log_ends_with_its_container(
    api: OwnApi, running: pod_pb2.Pod, runtime: TroubledRuntime
) -> None:
    request = pod_service_pb2.StreamPodLogsRequest(
        namespace="default", name="web", options=log_pb2.LogOptions(follow=True)
    )
    async with asyncio.timeout(PATIENCE), api.pods.stream_pod_logs(request) as stream:
        pieces = aiter(stream)
        assert (await anext(pieces)).data == b"main of web runs hollow/web\n"
        runtime.end((await runtime.list())[0].id, 0)
        assert [piece async for piece in pieces] == []


async def test_the_log_before_the_last_restart(
    api: OwnApi, running: pod_pb2.Pod, runtime: TroubledRuntime, seen: Following
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        await read(api, previous=True)
    assert isinstance(from_rpc(caught.value), NotReady)
    runtime.end((await runtime.list())[0].id, 1)
    await seen.until(lambda: container(seen).restart_count == 1)
    assert await read(api, previous=True) == "main of web runs hollow/web\n"


async def test_a_container_that_has_not_started_has_no_log(
    api: OwnApi, running: pod_pb2.Pod, kubelet: Kubelet, runtime: TroubledRuntime, seen: Following
) -> None:
    runtime.may_pull.clear()
    pod = await create(api, make_pod(name="later"))
    await seen.until(lambda: told(seen, "later").HasField("start_time"))
    channel = open_channel(kubelet.server.address)
    try:
        client = KubeletServiceClient(channel)
        answers = {pod.metadata.uid: NotReady, "nobody": NotFound}
        for uid, kind in answers.items():
            request = kubelet_service_pb2.StreamContainerLogsRequest(pod_uid=uid, container="main")
            with pytest.raises(grpc.RpcError) as caught:
                async with client.stream_container_logs(request) as stream:
                    await anext(aiter(stream))
            assert isinstance(from_rpc(caught.value), kind)
    finally:
        await channel.close()
