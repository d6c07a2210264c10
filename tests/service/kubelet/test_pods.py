"""What becomes of pods that are bound to a node, from their first container to their last."""

from __future__ import annotations

from pathlib import Path

import pytest

from peapod.kubelet.runtime.runtime import Phase
from peapod.v1 import meta_pb2, pod_pb2, pod_service_pb2
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import TroubledRuntime, container, create, delete, told, until_containers
from tests.support.pods import make_pod

RUNNING, PENDING = pod_pb2.POD_PHASE_RUNNING, pod_pb2.POD_PHASE_PENDING
SUCCEEDED, FAILED = pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED

pytestmark = pytest.mark.usefixtures("kubelet")


def phase(seen: Following, name: str = "web") -> pod_pb2.PodPhase:
    return told(seen, name).phase


async def test_a_bound_pod_runs_and_says_so(api: OwnApi, seen: Following, runtime: TroubledRuntime) -> None:
    await create(api, make_pod("a", "b"))
    await seen.until(lambda: phase(seen) == RUNNING)
    now = told(seen)
    containers = sorted(await runtime.list(), key=lambda one: one.name.container)
    assert now.conditions[0].status == meta_pb2.CONDITION_STATUS_TRUE
    assert (now.host_ip, now.pod_ip) == ("127.0.0.1", "127.0.0.1")
    assert now.HasField("start_time")
    assert [one.container_id for one in now.container_statuses] == [f"hollow://{one.id}" for one in containers]
    assert [str(one.name).rpartition("_")[0].split("_")[2] for one in containers] == ["web.default.api"] * 2
    await seen.until(lambda: len(seen.told("started", "web")) == 2)
    assert seen.told("pulled", "web") == ['Image "hollow/web" is already present on this machine'] * 2


async def test_a_pod_of_another_node_is_left_alone(api: OwnApi, seen: Following, runtime: TroubledRuntime) -> None:
    await create(api, make_pod(name="theirs", uid="x"), node="elsewhere")
    await create(api, make_pod(name="ours"))
    await seen.until(lambda: phase(seen, "ours") == RUNNING)
    assert {one.name.pod for one in await runtime.list()} == {"ours"}
    assert phase(seen, "theirs") == PENDING


async def test_a_deleted_pod_leaves_nothing(api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path) -> None:
    pod = make_pod("a", "b")
    pod.spec.volumes.add(name="scratch").empty_dir.SetInParent()
    pod.spec.containers[0].volume_mounts.add(name="scratch", mount_path="/scratch")
    stored = await create(api, pod)
    await seen.until(lambda: phase(seen) == RUNNING)
    assert (root / "pods" / stored.metadata.uid / "volumes/kubernetes.io~empty-dir/scratch").is_dir()
    await delete(api, "web")
    await until_containers(runtime, 0)
    await create(api, make_pod(name="later"))
    await seen.until(lambda: phase(seen, "later") == RUNNING)
    assert stored.metadata.uid not in {path.name for path in (root / "pods").iterdir()}


async def test_a_pod_of_the_same_name_is_another_pod(api: OwnApi, seen: Following, runtime: TroubledRuntime) -> None:
    first = await create(api, make_pod())
    await seen.until(lambda: phase(seen) == RUNNING)
    await delete(api, "web")
    second = await create(api, make_pod())
    await seen.until(lambda: phase(seen) == RUNNING and seen.pods["web"].metadata.uid == second.metadata.uid)
    await until_containers(runtime, 1)
    assert [one.name.uid for one in await runtime.list()] == [second.metadata.uid] != [first.metadata.uid]


async def test_a_container_that_dies_is_started_again_with_a_pause_from_the_second_time_on(
    api: OwnApi, seen: Following, runtime: TroubledRuntime
) -> None:
    await create(api, make_pod())
    await seen.until(lambda: phase(seen) == RUNNING)
    first = (await runtime.list())[0]
    runtime.end(first.id, 3)
    await seen.until(lambda: container(seen).restart_count == 1)
    await seen.until(lambda: container(seen).ready)
    last = container(seen).last_state.terminated
    assert (last.exit_code, last.container_id) == (3, f"hollow://{first.id}")
    runtime.end((await runtime.list())[-1].id, 4)
    waiting = "CrashLoopBackOff"
    await seen.until(lambda: container(seen).state.waiting.reason == waiting)
    assert phase(seen) == RUNNING
    assert runtime.started == ["web/main/0", "web/main/1"]
    await seen.until(lambda: len(seen.told("backOff", "web")) == 1)


async def test_a_pod_that_does_its_work_once_succeeds(api: OwnApi, seen: Following, runtime: TroubledRuntime) -> None:
    await create(api, make_pod(image="hollow/exit:0", policy=pod_pb2.RESTART_POLICY_ON_FAILURE))
    await seen.until(lambda: phase(seen) == SUCCEEDED)
    assert runtime.started == ["web/main/0"]


async def test_a_pod_that_fails_once_and_never_starts_again_has_failed(api: OwnApi, seen: Following) -> None:
    await create(api, make_pod(image="hollow/exit:9", policy=pod_pb2.RESTART_POLICY_NEVER))
    await seen.until(lambda: phase(seen) == FAILED)
    assert container(seen).state.terminated.exit_code == 9


async def test_a_new_image_makes_the_pod_anew(api: OwnApi, seen: Following, runtime: TroubledRuntime) -> None:
    await create(api, make_pod("a", "b"))
    await seen.until(lambda: phase(seen) == RUNNING)
    changed = pod_pb2.Pod()
    changed.CopyFrom(seen.pods["web"])
    changed.spec.containers[0].image = "hollow/new"
    await api.pods.update_pod(pod_service_pb2.UpdatePodRequest(pod=changed))
    await seen.until(lambda: [one.restart_count for one in told(seen).container_statuses if one.ready] == [1, 1])
    running = [one for one in await runtime.list() if one.phase is Phase.RUNNING]
    assert {one.name.container: one.image for one in running} == {"a": "hollow/new", "b": "hollow/web"}


async def test_an_image_that_is_not_to_be_had_is_waited_for(api: OwnApi, seen: Following) -> None:
    pod = make_pod("a")
    pod.spec.containers.add(name="b", image="hollow/absent")
    await create(api, pod)
    await seen.until(lambda: told(seen).reason == "ErrImagePull")
    now = told(seen)
    assert (now.phase, now.message) == (PENDING, "there is no image hollow/absent")
    await seen.until(lambda: container(seen).ready)
    await seen.until(lambda: seen.told("failed", "web") == ["there is no image hollow/absent"])


async def test_a_pull_for_a_pod_that_goes_is_not_waited_for(
    api: OwnApi, seen: Following, runtime: TroubledRuntime
) -> None:
    runtime.may_pull.clear()
    await create(api, make_pod())
    await seen.until(lambda: told(seen).HasField("start_time"))
    await delete(api, "web")
    await create(api, make_pod(name="after"))
    await seen.until(lambda: told(seen, "after").HasField("start_time"))
    runtime.may_pull.set()
    await seen.until(lambda: phase(seen, "after") == RUNNING)
    assert runtime.started == ["after/main/0"]


async def test_a_host_path_that_is_absent_holds_the_pod_back(api: OwnApi, seen: Following, tmp_path: Path) -> None:
    pod = make_pod()
    pod.spec.volumes.add(name="data").host_path.path = str(tmp_path / "absent")
    await create(api, pod)
    await seen.until(lambda: told(seen).reason == "FailedMount")
    await seen.until(lambda: len(seen.told("failedMount", "web")) == 1)
    assert "there is no" in told(seen).message


async def test_a_hundred_pods_run_and_share_the_looks_at_the_runtime(
    api: OwnApi, seen: Following, runtime: TroubledRuntime
) -> None:
    for number in range(100):
        await create(api, make_pod("a", "b", name=f"p{number}"))
    await seen.until(lambda: [pod.status.phase for pod in seen.pods.values()] == [RUNNING] * 100)
    assert len(await runtime.list()) == len(runtime.started) == len(set(runtime.started)) == 200


def publishing(name: str, port: int) -> pod_pb2.Pod:
    """A pod that wants a port of the node."""
    pod = make_pod(name=name)
    pod.spec.containers[0].ports.add(container_port=80, host_port=port)
    return pod


async def test_a_host_port_that_another_pod_has_is_refused(
    api: OwnApi, seen: Following, runtime: TroubledRuntime
) -> None:
    await create(api, publishing("first", 6388))
    await seen.until(lambda: phase(seen, "first") == RUNNING)
    await create(api, publishing("second", 6388))
    await seen.until(lambda: phase(seen, "second") == FAILED)
    now = told(seen, "second")
    assert (now.reason, now.message) == ("HostPortConflict", "host port 6388 is in use by pod default/first")
    await seen.until(lambda: seen.told("hostPortConflict", "second") == [now.message])
    await delete(api, "first")
    await until_containers(runtime, 0)
    assert runtime.started == ["first/main/0"]


async def test_a_pod_waits_for_the_host_port_of_one_that_is_being_stopped(
    api: OwnApi, seen: Following, runtime: TroubledRuntime
) -> None:
    await create(api, publishing("web", 6388))
    await seen.until(lambda: phase(seen) == RUNNING)
    runtime.may_stop.clear()
    await delete(api, "web")
    await create(api, publishing("web", 6388))
    await create(api, make_pod(name="other"))
    await seen.until(lambda: phase(seen, "other") == RUNNING)
    assert runtime.started == ["web/main/0", "other/main/0"]
    runtime.may_stop.set()
    await seen.until(lambda: phase(seen) == RUNNING)
    assert runtime.started == ["web/main/0", "other/main/0", "web/main/0"]
