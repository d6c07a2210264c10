"""compose/docker-compose.yml, as it is, under whichever compose this machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from peapod.common import health
from tests.e2e import main_job
from tests.support import containers, engine
from tests.support.cluster import PATIENCE, Cluster
from tests.support.ports import free_port

PROJECT = f"{engine.SESSION}-compose"
GATEWAY_PORT = "GATEWAY_PORT"

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def variables(bases: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the compose file leaves open: ports of this test's own, and nodes that no other cluster has."""
    state = tmp_path_factory.mktemp("state")
    ports = {name: str(free_port()) for name in ("API_PORT", GATEWAY_PORT)}
    return bases | ports | {"NODE_PREFIX": PROJECT, "STATE_DIR": str(state)}


@pytest.fixture(scope="module")
def cluster(variables: dict[str, str], services_image: str, pod_images: None) -> Iterator[Cluster]:
    """The composed cluster. The image is built already, so that compose finds all its layers in the cache."""
    running = Cluster(
        f"127.0.0.1:{variables['API_PORT']}", (f"{PROJECT}-1", f"{PROJECT}-2"), lambda: _compose(variables, "logs")
    )
    try:
        _compose(variables, "up", "--detach", "--build")
        assert health.problem(running.address, wait_seconds=PATIENCE) == ""
        yield running
    finally:
        _compose(variables, "down", "--volumes", "--timeout", "10")


def test_the_main_job(cluster: Cluster) -> None:
    main_job.run(cluster)


def test_the_gateway_is_healthy(cluster: Cluster, variables: dict[str, str]) -> None:
    project, service = f"{engine.COMPOSE_LABEL}={PROJECT}", "com.docker.compose.service=gateway"
    engine.wait_until_healthy([project, service])
    with urllib.request.urlopen(f"http://127.0.0.1:{variables[GATEWAY_PORT]}/healthz", timeout=PATIENCE) as answer:
        assert (answer.status, answer.read().strip()) == (200, b"ok")


def _compose(variables: dict[str, str], *arguments: str) -> str:
    command = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
    command += ["--file", str(Path("compose", "docker-compose.yml")), "--project-name", PROJECT, *arguments]
    environment = os.environ | variables
    done = subprocess.run(
        command, cwd=containers.CHECKOUT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.fail(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout
