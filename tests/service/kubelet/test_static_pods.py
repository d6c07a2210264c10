"""Static pods run without an apiserver, and are shown by one as soon as there is one."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from peapod.kubelet.server import Kubelet
from peapod.rules.mirror import MIRROR, SOURCE
from peapod.v1 import log_pb2, pod_pb2
from peapod.v1 import pod_service_pb2 as pb
from tests.support.apiserver import Api, OwnApi, connected, running_apiserver
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
from tests.support.manifests import manifest, put, served
from tests.support.pods import make_pod
from tests.support.ports import free_port

RUNNING, FAILED, SUCCEEDED = pod_pb2.POD_PHASE_RUNNING, pod_pb2.POD_PHASE_FAILED, pod_pb2.POD_PHASE_SUCCEEDED
WEB = f"web-{NODE}"
PORTS = [{"containerPort": 80, "hostPort": 8080}]


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    path = tmp_path / "manifests"
    path.mkdir()
    return path


@pytest.fixture
def address() -> str:
    """Where an apiserver may be later."""
    return f"127.0.0.1:{free_port()}"


@asynccontextmanager
async def static_kubelet(
    api: Api, runtime: TroubledRuntime, root: Path, manifests: Path, **settings: object
) -> AsyncGenerator[Kubelet]:
    async with running_kubelet(api, runtime, root, manifest_dir=str(manifests), **settings) as kubelet:
        yield kubelet


def publishing(port: int) -> pod_pb2.Pod:
    pod = make_pod()
    pod.spec.containers[0].ports.add(container_port=80, host_port=port)
    return pod


def runs(seen: Following, name: str = WEB) -> bool:
    return told(seen, name).phase == RUNNING


async def test_a_static_pod_runs_and_has_a_mirror(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, manifests: Path
) -> None:
    put(manifests, "web.json", manifest(uuid="1234"))
    async with static_kubelet(api, runtime, root, manifests):
        await seen.until(lambda: runs(seen))
        mirror = seen.pods[WEB]
        assert (mirror.metadata.namespace, mirror.spec.node_name) == ("default", NODE)
        assert (mirror.metadata.annotations[MIRROR], mirror.metadata.annotations[SOURCE]) == ("1234", "file")
        (one,) = await runtime.list()
        assert (one.name.uid, one.name.source) == ("1234", "file")
        assert container(seen, WEB).container_id == f"hollow://{one.id}"
        await seen.until(lambda: bool(seen.told("started", WEB)))
        told_of = {event.involved_object.uid for event in seen.events if event.involved_object.name == WEB}
        assert told_of <= {"", mirror.metadata.uid}
    assert runtime.started == [f"{WEB}/main/0"]


async def test_static_pods_run_before_any_apiserver_does(
    address: str, runtime: TroubledRuntime, root: Path, manifests: Path, tmp_path: Path
) -> None:
    put(manifests, "web.json", manifest())
    async with connected(address) as away, static_kubelet(away, runtime, root, manifests):
        await until_containers(runtime, 1)
        async with running_apiserver(tmp_path / "peapod.db", address=address) as api, following(api) as seen:
            await seen.until(lambda: runs(seen))
        put(manifests, "more.json", manifest("more"))
        await until_containers(runtime, 2)
        (manifests / "web.json").unlink()
        await until_containers(runtime, 1)
        async with running_apiserver(tmp_path / "peapod.db", address=address) as api, following(api) as seen:
            await seen.until(lambda: set(seen.pods) == {f"more-{NODE}"} and runs(seen, f"more-{NODE}"))
    assert runtime.started == [f"{WEB}/main/0", f"more-{NODE}/main/0"]


async def test_statuses_reach_the_mirror_across_a_restart_of_the_apiserver(
    address: str, runtime: TroubledRuntime, root: Path, manifests: Path, tmp_path: Path
) -> None:
    put(manifests, "web.json", manifest())
    async with connected(address) as client, static_kubelet(client, runtime, root, manifests):
        async with running_apiserver(tmp_path / "peapod.db", address=address) as api, following(api) as seen:
            await seen.until(lambda: runs(seen))
            uid = seen.pods[WEB].metadata.uid
        runtime.end((await runtime.list())[0].id, 3)
        async with running_apiserver(tmp_path / "peapod.db", address=address) as api, following(api) as seen:
            await seen.until(lambda: container(seen, WEB).restart_count == 1 and container(seen, WEB).ready)
            assert seen.pods[WEB].metadata.uid == uid
            assert container(seen, WEB).last_state.terminated.exit_code == 3


async def test_a_mirror_cannot_be_deleted_and_comes_back_when_its_store_is_lost(
    address: str, runtime: TroubledRuntime, root: Path, manifests: Path, tmp_path: Path
) -> None:
    put(manifests, "web.json", manifest())
    async with connected(address) as client, static_kubelet(client, runtime, root, manifests):
        async with running_apiserver(tmp_path / "first.db", address=address) as api, following(api) as seen:
            await seen.until(lambda: runs(seen))
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await delete(api, WEB)
            assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        async with running_apiserver(tmp_path / "second.db", address=address) as api, following(api) as seen:
            await seen.until(lambda: runs(seen))
            await create(api, make_pod())
            await seen.until(lambda: runs(seen, "web"))
    assert runtime.started == [f"{WEB}/main/0", "web/main/0"]


async def test_a_mirror_that_vanishes_is_made_again_and_tells_all_that_was_told(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, manifests: Path
) -> None:
    put(manifests, "job.json", manifest("job", "hollow/exit:0", restartPolicy={"never": {}}))
    job = f"job-{NODE}"
    async with static_kubelet(api, runtime, root, manifests):
        await seen.until(lambda: told(seen, job).phase == SUCCEEDED)
        first = seen.pods[job].metadata.uid
        await api.pods.delete_pod(pb.DeletePodRequest(namespace="default", name=job, node_name=NODE))
        await seen.until(lambda: job in seen.pods and seen.pods[job].metadata.uid != first)
        await seen.until(lambda: told(seen, job).phase == SUCCEEDED)
    assert runtime.started == [f"{job}/main/0"]


async def test_a_restarted_kubelet_takes_its_static_pods_up(
    api: OwnApi, seen: Following, root: Path, manifests: Path
) -> None:
    put(manifests, "web.json", manifest())
    runtime = TroubledRuntime()
    async with static_kubelet(api, runtime, root, manifests):
        await seen.until(lambda: runs(seen))
        uid = seen.pods[WEB].metadata.uid
    async with static_kubelet(api, runtime, root, manifests):
        await create(api, make_pod())
        await seen.until(lambda: runs(seen, "web"))
        await runtime.looked()
        assert seen.pods[WEB].metadata.uid == uid
    assert runtime.started == [f"{WEB}/main/0", "web/main/0"]


async def test_a_changed_manifest_makes_another_pod(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, manifests: Path
) -> None:
    put(manifests, "web.json", manifest())
    async with static_kubelet(api, runtime, root, manifests):
        await seen.until(lambda: runs(seen))
        put(manifests, "web.json", manifest(image="hollow/new"))
        await seen.until(lambda: runs(seen) and container(seen, WEB).image == "hollow/new")
        await until_containers(runtime, 1)
        assert seen.pods[WEB].spec.containers[0].image == "hollow/new"


async def test_a_changed_manifest_with_a_uuid_makes_the_pods_containers_anew(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, manifests: Path
) -> None:
    put(manifests, "web.json", manifest(uuid="1234"))
    async with static_kubelet(api, runtime, root, manifests):
        await seen.until(lambda: runs(seen))
        put(manifests, "web.json", manifest(image="hollow/new", uuid="1234"))
        await seen.until(lambda: runs(seen) and container(seen, WEB).image == "hollow/new")
    assert runtime.started == [f"{WEB}/main/0", f"{WEB}/main/1"]


async def test_a_manifest_that_is_gone_ends_its_pod_and_one_that_is_wrong_is_told_by_name(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, manifests: Path
) -> None:
    put(manifests, "web.json", manifest())
    put(manifests, "bad.json", manifest("bad", "", containers=[{"name": "net"}, {"name": "b"}]))
    async with static_kubelet(api, runtime, root, manifests):
        await seen.until(lambda: runs(seen))
        await seen.until(lambda: bool(seen.told("failedValidation", f"bad-{NODE}")))
        (message,) = seen.told("failedValidation", f"bad-{NODE}")
        assert all(
            field in message for field in ("containers[0].name: ", "containers[0].image: ", "containers[1].image")
        )
        (manifests / "web.json").unlink()
        await seen.until(lambda: WEB not in seen.pods)
        await until_containers(runtime, 0)


async def test_a_pod_of_the_mirrors_name_hides_the_static_pod_but_does_not_stop_it(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, manifests: Path
) -> None:
    await create(api, make_pod(name=WEB), node="elsewhere")
    put(manifests, "web.json", manifest())
    async with static_kubelet(api, runtime, root, manifests):
        await until_containers(runtime, 1)
        await delete(api, WEB)
        await seen.until(lambda: MIRROR in seen.pods[WEB].metadata.annotations if WEB in seen.pods else False)
        await seen.until(lambda: runs(seen))


async def test_a_mirror_of_nothing_is_removed_and_never_run(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, manifests: Path
) -> None:
    stray = make_pod(name="stray")
    stray.metadata.annotations[MIRROR] = "no-such-uid"
    await create(api, stray)
    async with static_kubelet(api, runtime, root, manifests):
        await seen.until(lambda: "stray" not in seen.pods)
        await create(api, make_pod())
        await seen.until(lambda: runs(seen, "web"))
    assert runtime.started == ["web/main/0"]


async def test_nothing_is_removed_before_all_sources_have_told_their_pods(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, manifests: Path
) -> None:
    async with served() as answer:
        answer.body = json.dumps(manifest("far"))
        settings = {"manifest_url": answer.url, "manifest_seconds": 0.05}
        put(manifests, "web.json", manifest())
        async with static_kubelet(api, runtime, root, manifests, **settings):
            await seen.until(lambda: runs(seen) and runs(seen, f"far-{NODE}"))
        answer.status = "503 Service Unavailable"
        (manifests / "web.json").unlink()
        async with static_kubelet(api, runtime, root, manifests, **settings):
            await answer.until_asked()
            await create(api, make_pod())
            await seen.until(lambda: runs(seen, "web"))
            assert len(await runtime.list()) == 3
            assert {WEB, f"far-{NODE}"} <= set(seen.pods)
            answer.status = "200 OK"
            await until_containers(runtime, 2)
            await seen.until(lambda: set(seen.pods) == {"web", f"far-{NODE}"})
    assert sorted(one.name.pod for one in await runtime.list()) == [f"far-{NODE}", "web"]


async def test_the_log_of_a_mirror_is_the_static_pods(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, manifests: Path
) -> None:
    put(manifests, "web.json", manifest())
    async with static_kubelet(api, runtime, root, manifests):
        await seen.until(lambda: runs(seen))
        request = pb.StreamPodLogsRequest(namespace="default", name=WEB, container="main", options=log_pb2.LogOptions())
        async with api.pods.stream_pod_logs(request) as stream:
            text = b"".join([piece.data async for piece in stream])
        assert text.decode() == f"main of {WEB} runs hollow/web\n"


async def test_a_static_pod_that_was_refused_runs_once_what_it_wants_is_free(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, manifests: Path
) -> None:
    async with static_kubelet(api, runtime, root, manifests):
        first = publishing(8080)
        await create(api, first)
        await seen.until(lambda: runs(seen, "web"))
        put(manifests, "web.json", manifest(containers=[{"name": "main", "image": "hollow/web", "ports": PORTS}]))
        await seen.until(lambda: told(seen, WEB).phase == FAILED)
        assert told(seen, WEB).message == "host port 8080 is in use by pod default/web"
        await delete(api, "web")
        await seen.until(lambda: runs(seen))
        await create(api, first)
        await seen.until(lambda: told(seen, "web").phase == FAILED)
        assert told(seen, "web").message == f"host port 8080 is in use by pod default/{WEB}"


async def test_a_new_static_pod_turns_out_no_pod_that_runs_and_is_not_known_yet(
    address: str, root: Path, manifests: Path, tmp_path: Path
) -> None:
    runtime = TroubledRuntime()
    async with connected(address) as client:
        async with (
            running_apiserver(tmp_path / "peapod.db", address=address) as api,
            following(api) as seen,
            static_kubelet(client, runtime, root, manifests),
        ):
            await create(api, publishing(8080))
            await seen.until(lambda: runs(seen, "web"))
        put(manifests, "web.json", manifest(containers=[{"name": "main", "image": "hollow/web", "ports": PORTS}]))
        put(manifests, "modest.json", manifest("modest"))
        async with static_kubelet(client, runtime, root, manifests):
            await until_containers(runtime, 2)
            async with running_apiserver(tmp_path / "peapod.db", address=address) as api, following(api) as seen:
                await seen.until(lambda: told(seen, WEB).phase == FAILED)
                assert told(seen, WEB).reason == "HostPortConflict"
                assert runs(seen, "web")
    assert runtime.started == ["web/main/0", f"modest-{NODE}/main/0"]


async def test_only_granted_sources_have_the_nodes_network(
    api: OwnApi, seen: Following, runtime: TroubledRuntime, root: Path, manifests: Path
) -> None:
    put(manifests, "web.json", manifest(hostNetwork=True))
    async with static_kubelet(api, runtime, root, manifests, host_network_sources=("api",)):
        await seen.until(lambda: told(seen, WEB).phase == FAILED)
        assert "spec.host_network" in told(seen, WEB).message
        pod = make_pod()
        pod.spec.host_network = True
        await create(api, pod)
        await seen.until(lambda: runs(seen, "web"))
