"""Images as a real kubelet has them on a real engine: by policy, with logins, and not at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import docker
import pytest
from docker.errors import ImageNotFound

from peapod.kubelet import notes
from peapod.kubelet.naming import NETWORK
from peapod.kubelet.runtime import pause
from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.kubelet.server import Kubelet
from peapod.v1 import pod_pb2
from tests.support import engine, registry
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import container, create, running_kubelet, told
from tests.support.pods import make_pod
from tests.support.registry import Conduct

pytestmark = pytest.mark.docker

RUNNING = pod_pb2.POD_PHASE_RUNNING
ALWAYS, NEVER = pod_pb2.PULL_POLICY_ALWAYS, pod_pb2.PULL_POLICY_NEVER
IF_ABSENT = pod_pb2.PULL_POLICY_IF_NOT_PRESENT

Start = Callable[[], AbstractAsyncContextManager[Kubelet]]


@pytest.fixture
def client() -> Iterator[docker.APIClient]:
    with engine.client() as client:
        yield client


@pytest.fixture
def conduct() -> Conduct:
    return Conduct()


@pytest.fixture
def image(client: docker.APIClient, conduct: Conduct) -> Iterator[str]:
    """An image that runs, on a registry of this machine and not yet in the engine."""
    architecture = client.version()["Arch"]
    with registry.serve(pause.root(architecture), architecture, [pause.PATH], conduct) as image:
        yield image
        with suppress(ImageNotFound):
            client.remove_image(image, force=True)


@pytest.fixture
async def on_docker(node_name: str) -> AsyncGenerator[DockerRuntime]:
    """The node's containers on the engine, seen beside the kubelet; none is left."""
    runtime = DockerRuntime(node_name)
    yield runtime
    for one in reversed(await runtime.list()):
        await runtime.remove(one.id)
    await runtime.close()


@pytest.fixture
def logins(tmp_path: Path) -> Path:
    logins = tmp_path / "logins.json"
    logins.write_text("{}")
    return logins


@pytest.fixture
def kubelet(api: OwnApi, root: Path, node_name: str, on_docker: DockerRuntime, logins: Path) -> Start:
    return lambda: running_kubelet(api, DockerRuntime(node_name, logins=str(logins)), root, node_name=node_name)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the kubelet try again soon."""
    monkeypatch.setattr(notes, "WAITS", (0.5, 0.5, 0.5, 0.5, 0.5, 0.5))


def pod_of(image: str, policy: pod_pb2.PullPolicy) -> pod_pb2.Pod:
    pod = make_pod("main", image=image)
    pod.spec.containers[0].image_pull_policy = policy
    pod.spec.termination_grace_period_seconds = 0
    return pod


def place(client: docker.APIClient, image: str) -> None:
    """Have an image in the engine that no registry has brought."""
    client.tag(pause.IMAGE, *image.rsplit(":", 1))


def waits(seen: Following, reason: str) -> Callable[[], bool]:
    return lambda: container(seen).state.waiting.reason == reason


async def containers(runtime: DockerRuntime) -> list[str]:
    return [one.name.container for one in await runtime.list()]


@pytest.mark.parametrize("policy", [ALWAYS, IF_ABSENT])
async def test_an_absent_image_is_pulled(
    api: OwnApi, seen: Following, kubelet: Start, image: str, node_name: str, policy: pod_pb2.PullPolicy
) -> None:
    async with kubelet():
        await create(api, pod_of(image, policy), node_name)
        await seen.until(lambda: told(seen).phase == RUNNING)
        await seen.until(lambda: seen.told("pulled", "web") == [f'Pulled image "{image}"'])
        assert seen.told("pulling", "web") == [f'Pulling image "{image}"']
        assert container(seen).image == image


@pytest.mark.parametrize("policy", [NEVER, IF_ABSENT])
async def test_a_present_image_is_used_without_its_registry(
    api: OwnApi,
    seen: Following,
    kubelet: Start,
    client: docker.APIClient,
    image: str,
    conduct: Conduct,
    node_name: str,
    policy: pod_pb2.PullPolicy,
) -> None:
    conduct.has_image = False
    async with kubelet():
        place(client, image)
        await create(api, pod_of(image, policy), node_name)
        await seen.until(lambda: told(seen).phase == RUNNING)


@pytest.mark.usefixtures("hasty")
async def test_pull_always_does_not_start_an_image_that_cannot_be_pulled(
    api: OwnApi,
    seen: Following,
    kubelet: Start,
    on_docker: DockerRuntime,
    client: docker.APIClient,
    image: str,
    conduct: Conduct,
    node_name: str,
) -> None:
    conduct.has_image = False
    async with kubelet():
        place(client, image)
        await create(api, pod_of(image, ALWAYS), node_name)
        await seen.until(waits(seen, "ImagePullBackOff"))
        assert await containers(on_docker) in ([], [NETWORK])


@pytest.mark.usefixtures("hasty")
async def test_an_image_that_is_never_pulled_is_waited_for(
    api: OwnApi,
    seen: Following,
    kubelet: Start,
    client: docker.APIClient,
    image: str,
    node_name: str,
) -> None:
    async with kubelet():
        await create(api, pod_of(image, NEVER), node_name)
        await seen.until(waits(seen, "ErrImageNeverPull"))
        await seen.until(lambda: bool(seen.told("failed", "web")))
        assert seen.told("failed", "web") == [f"the image {image} is not on this node, and is never pulled"]
        place(client, image)
        await seen.until(lambda: told(seen).phase == RUNNING)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("policy", [ALWAYS, IF_ABSENT])
async def test_an_image_that_appears_later_runs_then(
    api: OwnApi,
    seen: Following,
    kubelet: Start,
    image: str,
    conduct: Conduct,
    node_name: str,
    policy: pod_pb2.PullPolicy,
) -> None:
    conduct.has_image = False
    async with kubelet():
        await create(api, pod_of(image, policy), node_name)
        await seen.until(waits(seen, "ImagePullBackOff"))
        assert container(seen).state.waiting.message == f"the image {image} cannot be pulled: manifest unknown"
        await seen.until(lambda: bool(seen.told("failed", "web")))
        conduct.has_image = True
        await seen.until(lambda: told(seen).phase == RUNNING)


@pytest.mark.usefixtures("hasty")
async def test_a_private_image_runs_once_its_login_is_there(
    api: OwnApi,
    seen: Following,
    kubelet: Start,
    image: str,
    conduct: Conduct,
    logins: Path,
    node_name: str,
) -> None:
    conduct.login = "alice:open sesame"
    async with kubelet():
        await create(api, pod_of(image, IF_ABSENT), node_name)
        await seen.until(waits(seen, "ImagePullBackOff"))
        assert f"no login for {image.partition('/')[0]}" in container(seen).state.waiting.message
        write_login(logins, image, "alice", "open sesame")
        await seen.until(lambda: told(seen).phase == RUNNING)


def write_login(logins: Path, image: str, user: str, password: str) -> None:
    host = image.partition("/")[0]
    logins.write_text(f'{{"auths": {{"{host}": {{"username": "{user}", "password": "{password}"}}}}}}')


async def test_the_first_pull_that_fails_is_said_and_told(
    api: OwnApi, seen: Following, kubelet: Start, node_name: str
) -> None:
    async with kubelet():
        await create(api, pod_of("127.0.0.1:1/absent:1", IF_ABSENT), node_name)
        await seen.until(waits(seen, "ErrImagePull"))
        await seen.until(lambda: seen.told("failed", "web") == [container(seen).state.waiting.message])
        assert "connection refused" in container(seen).state.waiting.message


async def test_a_name_that_is_none_is_said(api: OwnApi, seen: Following, kubelet: Start, node_name: str) -> None:
    async with kubelet():
        await create(api, pod_of("127.0.0.1:1/NoSuch/Name", IF_ABSENT), node_name)
        await seen.until(waits(seen, "InvalidImageName"))
        assert "repository name must be lowercase" in container(seen).state.waiting.message


@pytest.mark.usefixtures("hasty")
async def test_one_image_that_is_missing_holds_up_its_own_container_only(
    api: OwnApi, seen: Following, kubelet: Start, on_docker: DockerRuntime, image: str, conduct: Conduct, node_name: str
) -> None:
    conduct.has_image = False
    pod = pod_of(image, ALWAYS)
    pod.spec.containers.add(name="side", image=pause.IMAGE, image_pull_policy=NEVER)
    async with kubelet():
        await create(api, pod, node_name)
        await seen.until(lambda: [one.ready for one in told(seen).container_statuses] == [False, True])
        assert set(await containers(on_docker)) == {NETWORK, "side"}
        conduct.has_image = True
        await seen.until(lambda: told(seen).phase == RUNNING)
