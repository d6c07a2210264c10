"""Creating and starting a container so that doing it twice, or again after a crash, makes one."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from docker import APIClient
from docker.errors import APIError, ImageNotFound, NotFound

from peapod.kubelet.naming import NODE_LABEL
from peapod.kubelet.runtime.docker.client import PATIENCE, find_container
from peapod.kubelet.runtime.docker.errors import CONFLICT, is_status, words
from peapod.kubelet.runtime.docker.spec import Body
from peapod.kubelet.runtime.runtime import ContainerGone, ImageError, LaunchError

# The engine reserves a name a moment before it has the container, and tells nobody when it has.
_TRIES = 30
_PAUSE = 0.1


class Starter:
    """Starts containers, from any thread, and remembers what the engine refuses."""

    def __init__(self) -> None:
        self._oom_score_refused = False

    def start(self, client: APIClient, name: str, body: Body) -> str:
        """Have the container `name` started as `body` says, and return its id; one that is there is taken as it is.

        Raises `LaunchError`, and then nothing is left of it; `ImageError`; `ContainerGone` when the network
        container that it joins is not running.
        """
        if self._oom_score_refused:
            body = _without_oom_score(body)
        id, wants_start = _find_or_create(client, name, body)
        if not wants_start:
            return id
        try:
            client.start(id)
        except APIError as error:
            _discard(client, id)
            if _may_refuse_oom_score(error, body):
                id = self.start(client, name, _without_oom_score(body))
                self._oom_score_refused = True
                return id
            raise _failure(client, body, error) from error
        return id


def remove_container(client: APIClient, id: str) -> None:
    """Kill and remove a container; return when it is gone, whoever removed it."""
    try:
        client.remove_container(id, force=True, v=True)
    except NotFound:
        return
    except APIError as error:
        if not is_status(error, CONFLICT):
            raise
        _await_removal(client, id)


def _find_or_create(client: APIClient, name: str, body: Body) -> tuple[str, bool]:
    """Return the id, and whether the container is yet to be started."""
    for _ in range(_TRIES):
        try:
            return client.create_container_from_config(body, name)["Id"], True
        except APIError as error:
            if not is_status(error, CONFLICT):
                raise _failure(client, body, error) from error
            refusal = words(error)
        existing = find_container(client, name)
        if existing is None:
            time.sleep(_PAUSE)
            continue
        _check_owner(existing, body)
        status = existing["State"]["Status"]
        if status != "removing":
            return existing["Id"], status == "created"
        _await_removal(client, existing["Id"])
    raise LaunchError(refusal)


def _check_owner(existing: dict[str, Any], body: Body) -> None:
    owner = (existing["Config"]["Labels"] or {}).get(NODE_LABEL, "")
    if owner != body["Labels"][NODE_LABEL]:
        raise LaunchError(f"the container's name is taken by one of the node {owner!r} on the same engine")


def _failure(client: APIClient, body: Body, error: APIError) -> Exception:
    """Tell a missing image and a missing network container from all other refusals."""
    if isinstance(error, ImageNotFound):
        return ImageError("ImageNotPresent", f"the image {body['Image']} is not on this node")
    network = str(body["HostConfig"].get("NetworkMode", ""))
    if network.startswith("container:"):
        bearer = find_container(client, network.removeprefix("container:"))
        if bearer is None or not bearer["State"]["Running"]:
            return ContainerGone("the pod's network container is not running")
    return LaunchError(words(error))


def _may_refuse_oom_score(error: APIError, body: Body) -> bool:
    """Without privileges an engine may not protect a container from the out-of-memory killer, and does not say so:
    its low-level runtime just fails.
    """
    return "OCI runtime" in words(error) and "OomScoreAdj" in body["HostConfig"]


def _without_oom_score(body: Body) -> Body:
    host = {key: value for key, value in body["HostConfig"].items() if key != "OomScoreAdj"}
    return {**body, "HostConfig": host}


def _discard(client: APIClient, id: str) -> None:
    """Remove what could not be started. If that fails too, the next start finds it created and tries again."""
    with suppress(APIError):
        client.remove_container(id, force=True, v=True)


def _await_removal(client: APIClient, id: str) -> None:
    with suppress(NotFound):
        client.wait(id, timeout=PATIENCE, condition="removed")
