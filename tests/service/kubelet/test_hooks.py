"""Hooks and the grace of a stop, on containers that answer as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import grpc.aio
import pytest

from peapod.kubelet.runtime.hollow import Answer
from peapod.kubelet.runtime.runtime import Observed
from peapod.v1 import pod_pb2, pod_service_pb2
from tests.support.apiserver import OwnApi
from tests.support.following import PATIENCE, Following
from tests.support.kubelet import TroubledRuntime, container, create, delete, running_kubelet, told, until_containers
from tests.support.pods import make_pod

SICK = Answer(b"no", 7)


class Commands:
    """Answers what is run in containers, and remembers it."""

    def __init__(self, **answers: Answer) -> None:
        self.run: list[str] = []
        self._answers = answers

    def __call__(self, one: Observed, command: Sequence[str]) -> Answer:
        self.run.append(f"{one.name.container}/{one.name.attempt} {' '.join(command)}")
        return self._answers.get(command[0], Answer())


def hooked(*containers: str, post_start: str = "", pre_stop: str = "", grace: int = 30) -> pod_pb2.Pod:
    """Make a pod whose first container has hooks."""
    pod = make_pod(*containers)
    pod.spec.termination_grace_period_seconds = grace
    lifecycle = pod.spec.containers[0].lifecycle
    for hook, command in ((lifecycle.post_start, post_start), (lifecycle.pre_stop, pre_stop)):
        if command:
            hook.exec.command.append(command)
    if not pre_stop:
        lifecycle.ClearField("pre_stop")
    if not post_start:
        lifecycle.ClearField("post_start")
    return pod


async def test_the_hook_after_the_start_runs_once_for_each_start(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.answer = commands = Commands()
    async with running_kubelet(api, runtime, root):
        await create(api, hooked("a", "b", post_start="greet"))
        await seen.until(lambda: container(seen).ready)
        runtime.end((next(one.id for one in await runtime.list() if one.name.container == "a")), 1)
        await seen.until(lambda: container(seen).restart_count == 1 and container(seen).ready)
    assert commands.run == ["a/0 greet", "a/1 greet"]


async def test_until_the_hook_is_done_a_container_is_not_ready(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.may_run.clear()
    async with running_kubelet(api, runtime, root):
        await create(api, hooked("a", "b", post_start="greet"))
        await seen.until(lambda: [one.ready for one in told(seen).container_statuses] == [False, True])
        assert container(seen).state.HasField("running")
        runtime.may_run.set()
        await seen.until(lambda: container(seen).ready)


async def test_a_container_whose_hook_after_the_start_fails_is_killed_and_started_again(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.answer = Commands(greet=SICK)
    async with running_kubelet(api, runtime, root):
        await create(api, hooked(post_start="greet"))
        await seen.until(lambda: container(seen).state.waiting.reason == "CrashLoopBackOff")
        await seen.until(lambda: bool(seen.told("failedPostStart", "web")))
    assert seen.told("failedPostStart", "web") == ["postStart hook failed: greet exited with code 7: no"]
    assert [name for name, _ in runtime.stopped] == ["web/main/0", "web/main/1"]


async def test_a_hook_that_was_cut_off_with_the_kubelet_is_run_again_and_one_that_was_done_is_not(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.answer = commands = Commands()
    async with running_kubelet(api, runtime, root):
        await create(api, hooked(post_start="greet"))
        await seen.until(lambda: container(seen).ready)
        runtime.may_run.clear()
        late = hooked(post_start="greet")
        late.metadata.name = "late"
        await create(api, late)
        await seen.until(lambda: container(seen, "late").state.HasField("running"))
    assert commands.run == ["main/0 greet"]
    runtime.may_run.set()
    async with running_kubelet(api, runtime, root):
        await seen.until(lambda: container(seen, "late").ready)
    assert commands.run == ["main/0 greet", "main/0 greet"]
    assert sorted(runtime.started) == ["late/main/0", "web/main/0"]


async def test_before_the_hook_is_done_nothing_is_probed(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.answer = commands = Commands()
    pod = hooked(post_start="greet")
    pod.spec.containers[0].liveness_probe.handler.exec.command.append("alive")
    pod.spec.containers[0].readiness_probe.handler.exec.command.append("ready")
    async with running_kubelet(api, runtime, root):
        await create(api, pod)
        await seen.until(lambda: container(seen).ready)
    assert commands.run[0] == "main/0 greet"


@pytest.mark.parametrize("reason", ["deletion", "spec", "liveness"])
async def test_the_hook_before_the_stop_runs_whenever_the_kubelet_stops_a_container(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, reason: str
) -> None:
    runtime.answer = commands = Commands(alive=SICK)
    pod = hooked(pre_stop="farewell")
    if reason == "liveness":
        pod.spec.containers[0].liveness_probe.handler.exec.command.append("alive")
    async with running_kubelet(api, runtime, root):
        await create(api, pod)
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_RUNNING)
        if reason == "deletion":
            await delete(api, "web")
            await until_containers(runtime, 0)
        elif reason == "spec":
            changed = pod_pb2.Pod()
            changed.CopyFrom(seen.pods["web"])
            changed.spec.containers[0].image = "hollow/new"
            await api.pods.update_pod(pod_service_pb2.UpdatePodRequest(pod=changed))
        if reason != "deletion":
            await seen.until(lambda: container(seen).restart_count == 1)
    assert commands.run.count("main/0 farewell") == 1
    name, grace = runtime.stopped[0]
    assert name == "web/main/0"
    assert 0 < grace < 30


async def test_the_hook_before_the_stop_has_the_grace_and_no_more(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root):
        await create(api, hooked(pre_stop="farewell", grace=1))
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_RUNNING)
        runtime.may_run.clear()
        await delete(api, "web")
        await until_containers(runtime, 0)
        await seen.until(lambda: bool(seen.told("failedPreStop", "web")))
    assert runtime.stopped == [("web/main/0", 0)]
    assert seen.told("failedPreStop", "web") == ["preStop hook failed: not done within 1 s"]


async def test_hooks_may_be_requests_to_the_pods_address(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode().split(" ")[1])
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    pod = hooked(post_start="x", pre_stop="x")
    lifecycle = pod.spec.containers[0].lifecycle
    for hook, path in ((lifecycle.post_start, "/hello"), (lifecycle.pre_stop, "/farewell")):
        hook.http_get.path, hook.http_get.port.number = path, listening.sockets[0].getsockname()[1]
    async with listening, running_kubelet(api, runtime, root):
        await create(api, pod)
        await seen.until(lambda: container(seen).ready)
        await delete(api, "web")
        await until_containers(runtime, 0)
    assert asked == ["/hello", "/farewell"]


async def test_without_grace_there_is_no_hook_either(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.answer = commands = Commands()
    async with running_kubelet(api, runtime, root):
        await create(api, hooked(pre_stop="farewell", grace=0))
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_RUNNING)
        await delete(api, "web")
        await until_containers(runtime, 0)
    assert (commands.run, runtime.stopped) == ([], [("web/main/0", 0)])


async def test_a_failing_hook_before_the_stop_keeps_nothing_up(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.answer = Commands(farewell=SICK)
    async with running_kubelet(api, runtime, root):
        await create(api, hooked("a", "b", pre_stop="farewell"))
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_RUNNING)
        await delete(api, "web")
        await until_containers(runtime, 0)
        await seen.until(lambda: bool(seen.told("failedPreStop", "web")))
    assert sorted(name for name, _ in runtime.stopped) == ["web/a/0", "web/b/0"]


async def test_a_pod_that_is_deleted_while_a_hook_after_the_start_runs_goes_at_once(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.may_run.clear()
    async with running_kubelet(api, runtime, root):
        await create(api, hooked(post_start="greet"))
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_RUNNING)
        await delete(api, "web")
        await until_containers(runtime, 0)
    assert runtime.stopped == [("web/main/0", 30)]


async def test_a_second_deletion_changes_nothing(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.answer = commands = Commands()
    async with running_kubelet(api, runtime, root):
        await create(api, hooked(pre_stop="farewell"))
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_RUNNING)
        runtime.may_stop.clear()
        await delete(api, "web")
        with pytest.raises(grpc.aio.AioRpcError, match="NOT_FOUND"):
            await delete(api, "web")
        await runtime.looked()
        runtime.may_stop.set()
        await until_containers(runtime, 0)
    assert commands.run == ["main/0 farewell"]
    assert [name for name, _ in runtime.stopped] == ["web/main/0"]


async def test_a_pod_that_was_deleted_while_the_kubelet_was_away_gets_the_default_grace_and_no_hook(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.answer = commands = Commands()
    async with running_kubelet(api, runtime, root):
        await create(api, hooked(pre_stop="farewell"))
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_RUNNING)
    await delete(api, "web")
    async with running_kubelet(api, runtime, root):
        await until_containers(runtime, 0)
    assert (commands.run, runtime.stopped) == ([], [("web/main/0", 10)])


async def test_a_stop_that_goes_on_holds_no_status_back(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    """One container takes its time to end, while another of the pod ends by itself."""
    runtime.answer = Commands(alive=SICK)
    pod = hooked("a", "b")
    pod.spec.containers[0].liveness_probe.handler.exec.command.append("alive")
    pod.spec.containers[0].liveness_probe.initial_delay_seconds = 1
    async with running_kubelet(api, runtime, root):
        await create(api, pod)
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_RUNNING)
        runtime.may_stop.clear()
        async with asyncio.timeout(PATIENCE):
            while not runtime.stopped:
                await runtime.looked(1)
        runtime.end(next(one.id for one in await runtime.list() if one.name.container == "b"), 9)
        await seen.until(lambda: told(seen).container_statuses[1].state.terminated.exit_code == 9)
        runtime.may_stop.set()
        await seen.until(lambda: [one.restart_count for one in told(seen).container_statuses] == [1, 1])
