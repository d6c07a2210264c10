"""Logins for registries: where they are found, which one is sent, and what is said when it is refused."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import pytest

from peapod.kubelet.runtime.docker import DockerRuntime, images
from peapod.kubelet.runtime.open import open_runtime
from peapod.kubelet.runtime.runtime import ImageError, Runtime
from peapod.v1 import pod_pb2
from tests.images.rootfs import RootFs
from tests.support import registry
from tests.support.registry import Conduct

pytestmark = pytest.mark.docker

ALWAYS = pod_pb2.PULL_POLICY_ALWAYS
LOGIN = "alice:open sesame:ä"


def encoded(login: str) -> str:
    return base64.b64encode(login.encode()).decode()


@pytest.fixture
def conduct() -> Conduct:
    return Conduct(login=LOGIN)


@pytest.fixture
def private(engine: docker.APIClient, conduct: Conduct) -> Iterator[str]:
    """An image on a registry that wants a login; nothing of it is in the engine."""
    layer = RootFs()
    layer.file("/content", str(uuid4()))
    with registry.serve(layer.tar(), engine.version()["Arch"], ["/content"], conduct) as image:
        yield image
        if engine.images(image):
            engine.remove_image(image)


@pytest.fixture
async def runtime(node_name: str, logins: Path) -> AsyncIterator[DockerRuntime]:
    runtime = DockerRuntime(node_name, logins=str(logins))
    yield runtime
    await runtime.close()


@pytest.fixture
def logins(tmp_path: Path) -> Path:
    return tmp_path / "logins.json"


def host(image: str) -> str:
    return image.partition("/")[0]


def write(logins: Path, content: str | dict[str, Any]) -> None:
    logins.write_text(content if isinstance(content, str) else json.dumps(content))


async def refusal(runtime: Runtime, image: str) -> str:
    """Try to pull, and return why it is not possible."""
    with pytest.raises(ImageError) as caught:
        await runtime.ensure_image(image, ALWAYS)
    assert caught.value.reason == "ErrImagePull"
    assert str(caught.value).startswith(f"the image {image} cannot be pulled: ")
    return str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        {"auth": encoded(LOGIN)},
        {"username": "alice", "password": "open sesame:ä"},
    ],
    ids=["encoded", "plain"],
)
async def test_a_private_image_is_pulled_with_a_login(
    runtime: DockerRuntime, private: str, logins: Path, entry: dict[str, str], engine: docker.APIClient
) -> None:
    write(logins, {"auths": {host(private): entry, "other.example": {}}})
    assert await runtime.ensure_image(private, ALWAYS) == engine.inspect_image(private)["Id"]


async def test_a_login_under_the_registrys_url_is_found(runtime: DockerRuntime, private: str, logins: Path) -> None:
    write(logins, {"auths": {f"https://{host(private)}/v2/": {"auth": encoded(LOGIN)}}})
    assert await runtime.ensure_image(private, ALWAYS)


async def test_the_docker_commands_own_file_is_read_by_default(
    node_name: str, private: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"auths": {host(private): {"auth": encoded(LOGIN)}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    runtime = DockerRuntime(node_name)
    assert await runtime.ensure_image(private, ALWAYS)
    await runtime.close()


async def test_a_new_login_is_used_at_the_next_pull(runtime: DockerRuntime, private: str, logins: Path) -> None:
    write(logins, {"auths": {host(private): {"auth": encoded("alice:123456")}}})
    await refusal(runtime, private)
    write(logins, {"auths": {host(private): {"auth": encoded(LOGIN)}}})
    assert await runtime.ensure_image(private, ALWAYS)


async def test_a_wrong_password_is_said_with_whose_it_was(runtime: DockerRuntime, private: str, logins: Path) -> None:
    write(logins, {"auths": {host(private): {"auth": encoded("alice:123456")}}})
    words = await refusal(runtime, private)
    assert words.endswith(f"(with the login of alice from {logins})")
    assert "123456" not in words


async def test_a_missing_login_is_said(runtime: DockerRuntime, private: str, logins: Path) -> None:
    write(logins, {"auths": {"other.example": {"auth": encoded(LOGIN)}}})
    assert (await refusal(runtime, private)).endswith(f"({logins} has no login for {host(private)})")


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"auths": 1}', '{"auths": {"HOST": {"auth": "%%%"}}}'])
async def test_a_file_that_cannot_be_read_is_named(
    runtime: DockerRuntime, private: str, logins: Path, content: str
) -> None:
    write(logins, content.replace("HOST", host(private)))
    assert f"the logins in {logins} cannot be " in await refusal(runtime, private)


async def test_a_file_that_is_absent_is_named(runtime: DockerRuntime, private: str, logins: Path) -> None:
    assert f"the logins in {logins} cannot be read: No such file" in await refusal(runtime, private)


async def test_the_kubelets_flag_names_the_file(node_name: str, private: str, logins: Path, tmp_path: Path) -> None:
    runtime = await open_runtime("docker", node_name, tmp_path, docker_config=str(logins))
    await refusal(runtime, private)
    write(logins, {"auths": {host(private): {"auth": encoded(LOGIN)}}})
    assert await runtime.ensure_image(private, ALWAYS)
    await runtime.close()


async def test_a_credential_helper_is_asked(
    runtime: DockerRuntime, private: str, logins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "docker-credential-test"
    answer = json.dumps({"Username": "alice", "Secret": "open sesame:ä"}, ensure_ascii=False)
    helper.write_text(f"#!/bin/sh\n[ $(cat) = {host(private)} ] && echo '{answer}'\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    write(logins, {"credHelpers": {host(private): "test"}})
    assert await runtime.ensure_image(private, ALWAYS)


@pytest.mark.filterwarnings("ignore:docker-credential-absent")
async def test_a_credential_helper_that_is_absent_is_named(runtime: DockerRuntime, private: str, logins: Path) -> None:
    write(logins, {"credsStore": "absent"})
    assert "docker-credential-absent not installed" in await refusal(runtime, private)


async def test_a_pull_that_stalls_is_given_up_and_tried_again(
    runtime: DockerRuntime, private: str, logins: Path, conduct: Conduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(logins, {"auths": {host(private): {"auth": encoded(LOGIN)}}})
    conduct.flowing = threading.Event()
    monkeypatch.setattr(images, "STALL", 1)
    assert "nothing has come for 1 second" in await refusal(runtime, private)
    conduct.flowing.set()
    monkeypatch.setattr(images, "STALL", 60)
    assert await runtime.ensure_image(private, ALWAYS)
