"""Probes, on containers that answer as the test says: what is unwell is started again, what is not ready waits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from peapod.kubelet.runtime.hollow import Answer
from peapod.kubelet.runtime.runtime import Observed, Phase
from peapod.v1 import meta_pb2, pod_pb2
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import TroubledRuntime, container, create, delete, running_kubelet, told, until_containers
from tests.support.pods import make_pod

WELL, SICK = Answer(), Answer(b"out of order", 3)


def probed(*containers: str, **probes: str) -> pod_pb2.Pod:
    """Make a pod whose first container is asked by commands, once a second."""
    pod = make_pod(*containers)
    for field, command in probes.items():
        probe: pod_pb2.Probe = getattr(pod.spec.containers[0], field)
        probe.handler.exec.command.append(command)
        probe.period_seconds = 1
    return pod


def is_ready(seen: Following, name: str = "web") -> bool:
    conditions = told(seen, name).conditions
    return bool(conditions) and conditions[0].status == meta_pb2.CONDITION_STATUS_TRUE


async def test_a_container_that_is_unwell_is_started_again_and_no_other(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.answer = lambda one, _: SICK if one.name.attempt == 0 else WELL
    async with running_kubelet(api, runtime, root):
        await create(api, probed("a", "b", liveness_probe="alive"))
        await seen.until(lambda: container(seen).restart_count == 1 and is_ready(seen))
        await seen.until(lambda: bool(seen.told("unhealthy", "web")))
    assert sorted(runtime.started) == ["web/a/0", "web/a/1", "web/b/0"]
    assert runtime.stopped == [("web/a/0", 10)]
    assert seen.told("unhealthy", "web") == ["Liveness probe failed: alive exited with code 3: out of order"]
    assert container(seen).last_state.terminated.exit_code == 143


async def test_three_tries_in_a_row_make_a_verdict(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    asked = 0

    def answer(_one: Observed, _command: Sequence[str]) -> Answer:
        nonlocal asked
        asked += 1
        return WELL if asked % 3 == 0 else SICK

    runtime.answer = answer
    async with running_kubelet(api, runtime, root):
        await create(api, probed(readiness_probe="ready"))
        await seen.until(lambda: is_ready(seen))
    assert asked >= 3
    assert seen.told("unhealthy", "web") == []


async def test_a_container_that_cannot_work_is_not_ready_and_runs_on(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    works = False
    runtime.answer = lambda *_: WELL if works else SICK
    async with running_kubelet(api, runtime, root):
        await create(api, probed("a", "b", readiness_probe="works"))
        await seen.until(lambda: bool(seen.told("unhealthy", "web")))
        for works in (True, False, True):
            await seen.until(lambda: is_ready(seen) is works)  # noqa: B023
            assert told(seen).phase == pod_pb2.POD_PHASE_RUNNING
            assert [one.ready for one in told(seen).container_statuses] == [works, True]
    assert sorted(runtime.started) == ["web/a/0", "web/b/0"]
    assert seen.told("unhealthy", "web") == ["Readiness probe failed: works exited with code 3: out of order"]


async def test_before_the_first_delay_is_over_a_container_is_well_and_not_ready(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    pod = probed(liveness_probe="alive", readiness_probe="ready")
    for probe in (pod.spec.containers[0].liveness_probe, pod.spec.containers[0].readiness_probe):
        probe.initial_delay_seconds = 3600
    runtime.answer = lambda *_: SICK
    async with running_kubelet(api, runtime, root):
        await create(api, pod)
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_RUNNING)
        await runtime.looked()
        assert not is_ready(seen)
    assert runtime.started == ["web/main/0"]


async def test_a_probe_that_takes_too_long_has_failed_and_holds_no_other_up(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.may_run.clear()
    async with running_kubelet(api, runtime, root):
        await create(api, probed(readiness_probe="hangs"))
        for number in range(20):
            await create(api, make_pod(name=f"p{number}"))
        await seen.until(lambda: all(is_ready(seen, f"p{number}") for number in range(20)))
        await seen.until(lambda: seen.told("unhealthy", "web") == ["Readiness probe failed: not done within 1 s"])
        assert not is_ready(seen)
        runtime.may_run.set()
        await seen.until(lambda: is_ready(seen))


async def test_a_restarted_kubelet_asks_at_once_and_takes_nobodys_readiness_away(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    asked: list[str] = []

    def answer(_one: Observed, command: Sequence[str]) -> Answer:
        asked.append(command[0])
        return WELL

    runtime.answer = answer
    pod = probed(readiness_probe="ready")
    pod.spec.containers[0].readiness_probe.initial_delay_seconds = 1
    pod.spec.containers[0].readiness_probe.period_seconds = 3600
    async with running_kubelet(api, runtime, root):
        await create(api, pod)
        await seen.until(lambda: is_ready(seen))
    history: list[bool] = []
    seen.informers[0].on_change(lambda *_: history.append(is_ready(seen)))
    runtime.may_run.clear()
    async with running_kubelet(api, runtime, root):
        await create(api, make_pod(name="later"))
        await seen.until(lambda: is_ready(seen, "later"))
        assert asked == ["ready"]
        runtime.may_run.set()
        runtime.answer = lambda *_: SICK
        await seen.until(lambda: not is_ready(seen))
    assert history[-1] is False
    assert all(history[:-1])


async def test_a_probe_is_over_with_its_container(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    asked: list[int] = []

    def answer(one: Observed, _command: Sequence[str]) -> Answer:
        asked.append(one.name.attempt)
        return WELL

    runtime.answer = answer
    async with running_kubelet(api, runtime, root):
        await create(api, probed(readiness_probe="ready"))
        await seen.until(lambda: is_ready(seen))
        runtime.end((await runtime.list())[0].id, 1)
        await seen.until(lambda: container(seen).restart_count == 1 and is_ready(seen))
        await delete(api, "web")
        await until_containers(runtime, 0)
    assert asked[-1] == 1
    assert asked == sorted(asked)


async def test_under_never_what_is_unwell_stays_down(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.answer = lambda *_: SICK
    pod = probed(liveness_probe="alive")
    pod.spec.restart_policy = pod_pb2.RESTART_POLICY_NEVER
    async with running_kubelet(api, runtime, root):
        await create(api, pod)
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_FAILED)
    assert [one.phase for one in await runtime.list()] == [Phase.EXITED]
    assert runtime.started == ["web/main/0"]


async def test_what_is_unwell_again_and_again_waits_longer_each_time(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    runtime.answer = lambda *_: SICK
    async with running_kubelet(api, runtime, root):
        await create(api, probed(liveness_probe="alive"))
        await seen.until(lambda: container(seen).state.waiting.reason == "CrashLoopBackOff")
    assert runtime.started == ["web/main/0", "web/main/1"]


async def test_a_runtime_that_is_away_says_nothing_about_a_containers_health(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path
) -> None:
    async with running_kubelet(api, runtime, root):
        await create(api, probed(liveness_probe="alive", readiness_probe="ready"))
        await seen.until(lambda: is_ready(seen))
        runtime.away = True
        runtime.hint("")
        await seen.until(lambda: seen.nodes["n1"].status.conditions[0].status == meta_pb2.CONDITION_STATUS_FALSE)
        runtime.away = False
        await create(api, make_pod(name="later"))
        await seen.until(lambda: is_ready(seen, "later"))
        assert is_ready(seen)
    assert runtime.started == ["web/main/0", "later/main/0"]
