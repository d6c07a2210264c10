"""Termination messages: what a container writes to its file is told with its end, and goes with it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from peapod.v1 import pod_pb2
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import TroubledRuntime, container, create, delete, running_kubelet, told, until_containers
from tests.support.pods import make_pod


def message_file(root: Path, uid: str, attempt: int) -> Path:
    return root / "pods" / uid / "containers/main" / str(attempt) / "termination-log"


async def test_the_message_is_told_as_last_state_and_goes_with_its_instance(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root):
        pod = await create(api, make_pod())
        await seen.until(lambda: container(seen).ready)
        first, second = (message_file(root, pod.metadata.uid, attempt) for attempt in (0, 1))
        first.write_bytes(b"x" * 5000 + b"out of \xff luck")
        runtime.end((await runtime.list())[0].id, 1)
        await seen.until(lambda: container(seen).restart_count == 1 and container(seen).ready)
        message = container(seen).last_state.terminated.message
        assert message.endswith("xout of \N{REPLACEMENT CHARACTER} luck")
        assert len(message) == 4096
        assert second.read_bytes() == b""
    async with running_kubelet(api, runtime, root):
        await create(api, make_pod(name="later"))
        await seen.until(lambda: container(seen, "later").ready)
        assert container(seen).last_state.terminated.message == message
        assert first.exists()
        await delete(api, "web")
        await until_containers(runtime, 1)
        await create(api, make_pod(name="latest"))
        await seen.until(lambda: container(seen, "latest").ready)
    assert not first.exists()


async def test_the_message_of_a_pod_that_is_over_stays_in_its_status(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root):
        pod = await create(api, make_pod(policy=pod_pb2.RESTART_POLICY_NEVER))
        await seen.until(lambda: container(seen).ready)
        message_file(root, pod.metadata.uid, 0).write_text("all done\n")
        runtime.end((await runtime.list())[0].id, 0)
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_SUCCEEDED)
    assert container(seen).state.terminated.message == "all done"


async def test_where_no_file_can_be_made_the_container_runs_without_and_that_is_told(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.may_pull.clear()
    async with running_kubelet(api, runtime, root):
        pod = await create(api, make_pod())
        await seen.until(lambda: told(seen).HasField("start_time"))
        home = root / "pods" / pod.metadata.uid
        await asyncio.to_thread(home.mkdir, parents=True, exist_ok=True)
        (home / "containers").write_text("in the way")
        runtime.may_pull.set()
        await seen.until(lambda: container(seen).ready)
        await seen.until(lambda: len(seen.told("failedTerminationLog", "web")) == 1)
        runtime.end((await runtime.list())[0].id, 1)
        await seen.until(lambda: container(seen).restart_count == 1)
