"""Images come from where they should, or one word says why not."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from peapod.kubelet.runtime import pause
from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.kubelet.runtime.runtime import ImageError, Phase, RuntimeUnavailable
from peapod.v1 import pod_pb2
from tests.support import registry
from tests.support.engine_proxy import EngineProxy
from tests.support.runtimes import TestPod

pytestmark = pytest.mark.docker

CLOSED = "127.0.0.1:1/peapod-test/absent:1"
"""No registry listens there, so that nothing can be pulled by accident."""

ALWAYS, ABSENT = pod_pb2.PULL_POLICY_ALWAYS, pod_pb2.PULL_POLICY_IF_NOT_PRESENT


@pytest.fixture
def pullable(engine: docker.APIClient) -> Iterator[str]:
    """An image on a registry of this machine, not yet in the engine."""
    architecture = engine.version()["Arch"]
    with registry.serve(pause.root(architecture), architecture, [pause.PATH]) as image:
        yield image
        if engine.images(image):
            engine.remove_image(image)


async def test_an_absent_image_is_pulled(runtime: DockerRuntime, pullable: str, engine: docker.APIClient) -> None:
    with pytest.raises(ImageError, match="never"):
        await runtime.ensure_image(pullable, pod_pb2.PULL_POLICY_NEVER)
    id = await runtime.ensure_image(pullable, ABSENT)
    assert id == engine.inspect_image(pullable)["Id"]
    assert await runtime.ensure_image(pullable, ALWAYS) == id


async def test_many_who_want_an_image_share_a_pull(node_name: str, pullable: str, proxy: EngineProxy) -> None:
    runtime = DockerRuntime(node_name, engine=proxy.address)
    await asyncio.gather(*(runtime.ensure_image(pullable, ALWAYS) for _ in range(5)))
    assert len([request for request in proxy.requests if "/images/create" in request]) == 1
    await runtime.close()


async def test_a_caller_that_gives_up_leaves_the_pull_to_the_others(runtime: DockerRuntime, pullable: str) -> None:
    first = asyncio.create_task(runtime.ensure_image(pullable, ALWAYS))
    second = asyncio.create_task(runtime.ensure_image(pullable, ALWAYS))
    await asyncio.sleep(0)
    first.cancel()
    assert await second
    assert first.cancelled()


@pytest.mark.parametrize("policy", [ALWAYS, ABSENT])
async def test_an_image_that_cannot_be_pulled(runtime: DockerRuntime, policy: pod_pb2.PullPolicy) -> None:
    with pytest.raises(ImageError) as caught:
        await runtime.ensure_image(CLOSED, policy)
    assert caught.value.reason == "ErrImagePull"
    assert str(caught.value).startswith(f"the image {CLOSED} cannot be pulled: ")
    assert "connection refused" in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_an_image_that_the_registry_does_not_have(runtime: DockerRuntime, pullable: str) -> None:
    with pytest.raises(ImageError) as caught:
        await runtime.ensure_image(pullable.replace(":1", ":2"), ALWAYS)
    assert caught.value.reason == "ErrImagePull"


async def test_always_pulls_what_is_there_too(runtime: DockerRuntime, engine: docker.APIClient) -> None:
    repository, tag = CLOSED.rsplit(":", 1)
    engine.tag(pause.IMAGE, repository, tag)
    try:
        assert await runtime.ensure_image(CLOSED, ABSENT)
        with pytest.raises(ImageError):
            await runtime.ensure_image(CLOSED, ALWAYS)
    finally:
        engine.remove_image(CLOSED)


async def test_another_network_image_is_pulled_and_used(
    node_name: str, pod: TestPod, pullable: str, engine: docker.APIClient
) -> None:
    pod.runtime = runtime = DockerRuntime(node_name, network_image=pullable)
    await runtime.open()
    id = await pod.start_network()
    assert engine.inspect_container(id)["Config"]["Image"] == pullable
    assert [one.phase for one in await runtime.list()] == [Phase.RUNNING]
    await runtime.remove(id)
    await runtime.close()


async def test_a_network_image_that_cannot_be_had(node_name: str) -> None:
    runtime = DockerRuntime(node_name, network_image=CLOSED)
    with pytest.raises(RuntimeUnavailable, match="no pod can start"):
        await runtime.open()
    await runtime.close()


async def test_the_login_for_a_registry_is_used(
    node_name: str,
    proxy: EngineProxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    login = {"auths": {"127.0.0.1:1": {"auth": "dXNlcjpwYXNz"}}}
    (tmp_path / "config.json").write_text(json.dumps(login))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    runtime = DockerRuntime(node_name, engine=proxy.address)
    with pytest.raises(ImageError):
        await runtime.ensure_image(CLOSED, ALWAYS)
    assert b"\r\nX-Registry-Auth: " in proxy.sent
    await runtime.close()


@pytest.mark.parametrize("name", ["UPPER/case", "a b", "a//b", "a/../b", "a@b", "a@sha256:1"])
@pytest.mark.parametrize("policy", [ALWAYS, ABSENT, pod_pb2.PULL_POLICY_NEVER])
async def test_a_name_that_is_none(runtime: DockerRuntime, name: str, policy: pod_pb2.PullPolicy) -> None:
    image = f"127.0.0.1:1/{name}"
    with pytest.raises(ImageError) as caught:
        await runtime.ensure_image(image, policy)
    assert caught.value.reason == "InvalidImageName"
    assert repr(image) in str(caught.value)


async def test_an_image_is_pulled_by_its_content(
    runtime: DockerRuntime, pullable: str, engine: docker.APIClient
) -> None:
    id = await runtime.ensure_image(pullable, ALWAYS)
    by_content = engine.inspect_image(id)["RepoDigests"][0]
    engine.remove_image(id, force=True)
    assert await runtime.ensure_image(by_content, ABSENT) == id
    engine.remove_image(by_content)


async def test_an_image_has_all_its_names(runtime: DockerRuntime, pullable: str) -> None:
    id = await runtime.ensure_image(pullable, ALWAYS)
    found = next(image for image in await runtime.images() if image.id == id)
    by_content = [name for name in found.names if name.startswith(pullable.rpartition(":")[0] + "@sha256:")]
    assert pullable in found.names
    assert len(by_content) == 1
    assert await runtime.ensure_image(by_content[0], pod_pb2.PULL_POLICY_NEVER) == id
    assert found.size > 0
    assert "<none>" not in str(await runtime.images())


async def test_an_image_is_removed_with_all_its_names(
    runtime: DockerRuntime, pullable: str, engine: docker.APIClient
) -> None:
    id = await runtime.ensure_image(pullable, ALWAYS)
    engine.tag(id, "peapod-test/renamed", "1")
    await runtime.remove_image(id)
    assert id not in [image.id for image in await runtime.images()]
    await runtime.remove_image(id)


@pytest.mark.parametrize("running", [True, False])
async def test_an_image_in_use_is_not_removed(
    runtime: DockerRuntime, pod: TestPod, engine: docker.APIClient, running: bool
) -> None:
    await pod.start("sleep 1000")
    if not running:
        await runtime.stop(pod.network, 0)
    used = engine.inspect_container(pod.network)["Image"]
    with pytest.raises(ImageError, match="in use") as caught:
        await runtime.remove_image(used)
    assert caught.value.reason == "ImageInUse"
    assert used in [image.id for image in await runtime.images()]


async def test_the_disk_is_the_engines(runtime: DockerRuntime, engine: docker.APIClient) -> None:
    disk = await runtime.image_disk()
    assert disk is not None
    assert disk.total == shutil.disk_usage(engine.info()["DockerRootDir"]).total
    assert 0 < disk.used < disk.total


async def test_an_engine_elsewhere_has_no_disk_here(node_name: str) -> None:
    runtime = DockerRuntime(node_name, engine="tcp://127.0.0.1:1")
    assert await runtime.image_disk() is None
    await runtime.close()
