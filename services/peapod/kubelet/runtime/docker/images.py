"""Images: looking them up, pulling them, and loading the built-in one of the network containers."""

from __future__ import annotations

import asyncio
import builtins
import json
import os
from collections.abc import Mapping
from typing import Any

import requests
from docker import APIClient
from docker.errors import APIError, ImageNotFound, InvalidRepository
from docker.utils import parse_repository_tag

from peapod.kubelet.runtime import pause
from peapod.kubelet.runtime.docker.client import PATIENCE, Engine, post_stream
from peapod.kubelet.runtime.docker.credentials import Credentials, CredentialsError, Login
from peapod.kubelet.runtime.docker.errors import BAD_REQUEST, CONFLICT, is_status, words
from peapod.kubelet.runtime.docker.state import one_line
from peapod.kubelet.runtime.docker.stream import Stream
from peapod.kubelet.runtime.runtime import DiskUse, Image, ImageError, RuntimeUnavailable
from peapod.v1 import pod_pb2

PULLS = 3
"""Images that are pulled at the same time."""

STALL = 300.0
"""Seconds without any progress after which a pull is given up."""

_NONE = "<none>"


class Images:
    """The engine's images; `network_image` is the name of the network containers', built in unless given."""

    def __init__(self, engine: Engine, credentials: Credentials, network_image: str = "") -> None:
        self.network_image = network_image or pause.IMAGE
        self._engine = engine
        self._credentials = credentials
        self._room = asyncio.Semaphore(PULLS)
        self._pulls: dict[str, asyncio.Task[None]] = {}

    async def ensure(self, image: str, policy: pod_pb2.PullPolicy) -> str:
        """Make an image present as the policy says and return its id. Raises `ImageError`."""
        _check(image)
        if policy != pod_pb2.PULL_POLICY_ALWAYS:
            if id := await self._find(image):
                return id
            if policy == pod_pb2.PULL_POLICY_NEVER:
                raise ImageError("ErrImageNeverPull", f"the image {image} is not on this node, and is never pulled")
        await self._pull_once(image)
        if id := await self._find(image):
            return id
        raise ImageError("ErrImagePull", f"the image {image} vanished after it was pulled")

    async def ensure_network_image(self) -> None:
        """Make the image of network containers present; the built-in one is loaded, another is pulled."""
        if self.network_image != pause.IMAGE:
            await self.ensure(self.network_image, pod_pb2.PULL_POLICY_IF_NOT_PRESENT)
        elif not await self._find(pause.IMAGE):
            await self._engine.change(_load_pause)

    async def list(self) -> builtins.list[Image]:
        """All images that are present; the network containers' is pinned."""
        return await self._engine.ask(lambda client: [_image(listed, self.network_image) for listed in client.images()])

    async def remove(self, id: str) -> None:
        """Remove an image with all its names; absent: nothing. Raises `ImageError`."""
        await self._engine.change(lambda client: _remove(client, id))

    async def disk(self) -> DiskUse | None:
        """How full the engine's disk is; None for an engine elsewhere, or whose disk cannot be seen from here."""
        if not self._engine.place.path:
            return None
        return await self._engine.ask(_disk)

    async def close(self) -> None:
        """Give up the pulls that go on."""
        pulls = tuple(self._pulls.values())
        for pull in pulls:
            pull.cancel()
        await asyncio.gather(*pulls, return_exceptions=True)

    async def _find(self, image: str) -> str:
        return await self._engine.ask(lambda client: _image_id(client, image))

    async def _pull_once(self, image: str) -> None:
        """Join the pull that goes on, or begin one; it goes on when a caller is cancelled."""
        pull = self._pulls.get(image)
        if pull is None:
            pull = self._pulls[image] = asyncio.create_task(self._pull(image), name=f"pull {image}")
            pull.add_done_callback(lambda done: self._forget(image, done))
        try:
            await asyncio.shield(pull)
        except asyncio.CancelledError:
            if pull.cancelled():
                raise RuntimeUnavailable("the Docker runtime was closed during the pull") from None
            raise

    def _forget(self, image: str, done: asyncio.Task[None]) -> None:
        del self._pulls[image]
        if not done.cancelled():
            # Read, so that an error that no caller waits for any more is not complained about.
            done.exception()

    async def _pull(self, image: str) -> None:
        async with self._room:
            login = await self._login(image)
            async with self._engine.stream("pull", lambda client: _ask_for_pull(client, image, login)) as stream:
                try:
                    await _follow(stream, image, login)
                except APIError as error:
                    raise _refusal(image, login, error) from error

    async def _login(self, image: str) -> Login:
        repository, _ = parse_repository_tag(image)
        try:
            return await asyncio.to_thread(self._credentials.find, repository)
        except InvalidRepository as error:
            raise _invalid_name(image, str(error)) from error
        except CredentialsError as error:
            raise ImageError("ErrImagePull", f"the image {image} cannot be pulled: {error}") from error


async def _follow(stream: Stream, image: str, login: Login) -> None:
    """Read the progress to its end. A pull that makes none is given up, for a registry may hang."""
    rest = b""
    try:
        while (received := await asyncio.wait_for(stream.read(), STALL)) is not None:
            *lines, rest = (rest + received).split(b"\n")
            for line in lines:
                _check_progress(image, login, line)
    except TimeoutError:
        why = f"nothing has come for {STALL:.0f} seconds"
        raise ImageError("ErrImagePull", f"the image {image} cannot be pulled: {why}") from None
    _check_progress(image, login, rest)


def _check(image: str) -> None:
    """Refuse a name that would lead elsewhere as a part of a path; all others the engine judges itself."""
    if {"", ".", ".."} & set(image.split("/")):
        raise _invalid_name(image, "each part between slashes must be a word")


def _image_id(client: APIClient, image: str) -> str:
    try:
        return str(client.inspect_image(image)["Id"])
    except ImageNotFound:
        return ""
    except APIError as error:
        if is_status(error, BAD_REQUEST):
            raise _invalid_name(image, words(error)) from error
        raise


def _image(listed: Mapping[str, Any], pinned: str) -> Image:
    names = [*(listed["RepoTags"] or ()), *(listed["RepoDigests"] or ())]
    return Image(
        id=listed["Id"],
        names=tuple(name for name in names if not name.startswith(_NONE)),
        size=listed["Size"],
        pinned=pinned in names or f"{pinned}:latest" in names,
    )


def _remove(client: APIClient, id: str) -> None:
    """Remove by force, for an image with several names goes by none of them; so look for users first."""
    try:
        if client.containers(all=True, filters={"ancestor": id}):
            raise ImageError("ImageInUse", f"the image {id} is in use")
        client.remove_image(id, force=True)
    except ImageNotFound:
        return
    except APIError as error:
        if not is_status(error, CONFLICT):
            raise
        raise ImageError("ImageInUse", words(error)) from error


def _disk(client: APIClient) -> DiskUse | None:
    try:
        disk = os.statvfs(client.info()["DockerRootDir"])
    except FileNotFoundError:
        return None
    return DiskUse((disk.f_blocks - disk.f_bfree) * disk.f_frsize, disk.f_blocks * disk.f_frsize)


def _load_pause(client: APIClient) -> None:
    try:
        root = pause.root(client.version()["Arch"])
    except LookupError as error:
        raise RuntimeUnavailable(str(error)) from error
    repository, tag = pause.IMAGE.split(":")
    client.import_image_from_data(root, repository, tag, changes=[f'ENTRYPOINT ["{pause.PATH}"]'])


def _ask_for_pull(client: APIClient, image: str, login: Login) -> requests.Response:
    repository, tag = parse_repository_tag(image)
    headers = {"X-Registry-Auth": login.header} if login.header else {}
    # In one piece, for the engine judges names better than the SDK; but without a tag it would pull all of them.
    query = {"fromImage": image} if tag else {"fromImage": repository, "tag": "latest"}
    return post_stream(client, "/images/create", query, headers, silence=STALL + PATIENCE)


def _check_progress(image: str, login: Login, line: bytes) -> None:
    """Find the error among the progress: the engine answers 200 before it knows."""
    if line.strip() and (problem := json.loads(line).get("error")):
        raise _pull_error(image, login, problem)


def _refusal(image: str, login: Login, error: APIError) -> ImageError:
    if is_status(error, BAD_REQUEST):
        return _invalid_name(image, words(error))
    return _pull_error(image, login, words(error))


def _pull_error(image: str, login: Login, problem: str) -> ImageError:
    return ImageError("ErrImagePull", f"the image {image} cannot be pulled: {login.explain(one_line(problem))}")


def _invalid_name(image: str, problem: str) -> ImageError:
    return ImageError("InvalidImageName", f"the image {image!r} has no valid name: {one_line(problem)}")
