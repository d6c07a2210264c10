"""The Docker engine as tests meet it: whether it answers, and whose containers are whose.

Every container that a test causes carries its session, so that a session removes its own and never another's: the
ones that tests start carry TEST_LABEL; the ones that kubelets and docker-compose start carry their node or their
project, named after the session.
"""

from __future__ import annotations

import gc
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.utils import kwargs_from_env

TEST_LABEL = "io.peapod.test"
NODE_LABEL = "io.peapod.node"
COMPOSE_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "io.peapod.test-service"
SESSION = f"test-{os.getpid()}"
"""This run of pytest. The process id tells later runs whether what carries it was left behind."""


def client(timeout: float = 60) -> closing[docker.APIClient]:
    """Open a client of the engine that the environment names, for a `with` block."""
    return closing(docker.APIClient(**kwargs_from_env(), timeout=timeout))


def why_missing() -> str:
    """Say why there is no Docker engine to test with; empty when one answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the SDK drops its socket open when nobody answers
        problem = _ping()
        gc.collect()
    if problem:
        return f"no Docker engine answers ({problem}); scripts/install-machine and scripts/start-docker bring one"
    return ""


def _ping() -> str:
    try:
        with client(timeout=10) as engine:
            engine.ping()
    except DockerException as error:
        return str(error)
    return ""


def labels(service: str = "") -> dict[str, str]:
    """Make the labels for whatever a test creates in the engine itself, and to find it as a service again."""
    return {TEST_LABEL: SESSION, SERVICE_LABEL: service}


def kill_and_start(service: str) -> None:
    """End a service of this session with SIGKILL, and start it again in the same container."""
    with client() as api:
        found = api.containers(filters={"label": [f"{label}={text}" for label, text in labels(service).items()]})
        api.kill(found[0]["Id"])
        api.wait(found[0]["Id"])
        api.start(found[0]["Id"])


def run_in(api: docker.APIClient, container: str, command: Sequence[str]) -> str:
    """Run a command in a running container, and return what it printed; it must end well."""
    run = api.exec_create(container, list(command))
    output = api.exec_start(run["Id"]).decode()
    status = api.exec_inspect(run["Id"])["ExitCode"]
    assert status == 0, f"{command} in {container} exited {status}: {output}"
    return str(output)


def wait_until_healthy(labels: list[str]) -> None:
    """Return when the health check of the one container with these labels says that it is healthy."""
    with client() as api:
        container = api.containers(filters={"label": labels})[0]["Id"]
        events = api.events(filters={"container": container, "event": "health_status"}, decode=True)
        try:
            while api.inspect_container(container)["State"]["Health"]["Status"] != "healthy":
                next(events)
        finally:
            events.close()


def sweep() -> list[str]:
    """Remove the containers and networks of this session and of sessions that died; return what they were."""
    with client() as engine:
        return [*_sweep_containers(engine), *_sweep_networks(engine)]


def _sweep_containers(engine: docker.APIClient) -> Iterator[str]:
    for container in engine.containers(all=True):
        if _is_ours_to_remove(container):
            try:
                engine.remove_container(container["Id"], force=True, v=True)
                yield f"container {container['Names'][0]} of {container['Image']}"
            except NotFound:
                continue
            except APIError as error:
                yield f"container {container['Names'][0]}, which stays: {error.explanation}"


def _sweep_networks(engine: docker.APIClient) -> Iterator[str]:
    for network in engine.networks():
        if _is_ours_to_remove(network):
            try:
                engine.remove_network(network["Id"])
                yield f"network {network['Name']}"
            except NotFound:
                continue
            except APIError as error:
                yield f"network {network['Name']}, which stays: {error.explanation}"


def _is_ours_to_remove(thing: dict[str, Any]) -> bool:
    found = thing["Labels"] or {}
    named = (found.get(label, "") for label in (TEST_LABEL, NODE_LABEL, COMPOSE_LABEL))
    session = next((session for name in named if (session := _session_of(name))), "")
    return session == SESSION or (session != "" and not _alive(session))


def _session_of(name: str) -> str:
    found = re.match(r"test-\d+", name)
    return found[0] if found else ""


def _alive(session: str) -> bool:
    return Path("/proc", session.removeprefix("test-")).exists()
