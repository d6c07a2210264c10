"""compose/docker-compose.yml, as it is, under whichever compose this machine has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from peapod.common import health
from tests.e2e import main_job
from tests.support import containers, engine
from tests.support.cluster import PATIENCE, Cluster, running
from tests.support.needs import lacking
from tests.support.ports import free_port

PROJECT = f"{engine.SESSION}-compose"
GATEWAY_PORT = "GATEWAY_PORT"

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]


Compose = Callable[..., str]
"""Runs compose with these arguments, and returns what it printed."""


@pytest.fixture(scope="module")
def variables(bases: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the compose file leaves open: ports of this test's own, and nodes that no other cluster has."""
    state = tmp_path_factory.mktemp("state")
    ports = {name: str(free_port()) for name in ("API_PORT", GATEWAY_PORT)}
    # No question leaves this machine, as nobody is there; and its rules stay as they are.
    kept = {"DNS_UPSTREAM": f"127.0.0.1:{free_port()}", "PROXY_MODE": "userspace"}
    return bases | ports | kept | {"NODE_PREFIX": PROJECT, "STATE_DIR": str(state)}


@pytest.fixture(scope="module")
def compose(variables: dict[str, str]) -> Compose:
    """The machine's compose: the plugin of today, or the program before it."""
    command = next((words for words in (["docker", "compose"], ["docker-compose"]) if _works(words)), None)
    if command is None:
        lacking("there is no docker-compose; scripts/install-machine brings it")
    command += ["--file", "compose/docker-compose.yml", "--project-name", PROJECT]
    return partial(_compose, command, os.environ | variables)


@pytest.fixture(scope="module")
def cluster(compose: Compose, variables: dict[str, str], services_image: str, pod_images: None) -> Iterator[Cluster]:
    """The composed cluster. The image is built already, so that compose finds all its layers in the cache."""
    nodes = (f"{PROJECT}-1", f"{PROJECT}-2")
    running = Cluster(f"127.0.0.1:{variables['API_PORT']}", nodes, partial(compose, "logs"))
    try:
        compose("up", "--detach", "--build")
        assert health.problem(running.address, wait_seconds=PATIENCE) == ""
        yield running
    finally:
        compose("down", "--volumes", "--timeout", "10")


def test_the_main_job(cluster: Cluster) -> None:
    main_job.run(cluster)


def test_the_gateway_is_healthy(cluster: Cluster, variables: dict[str, str]) -> None:
    project, service = f"{engine.COMPOSE_LABEL}={PROJECT}", "com.docker.compose.service=gateway"
    engine.wait_until_healthy([project, service])
    with urllib.request.urlopen(f"http://127.0.0.1:{variables[GATEWAY_PORT]}/healthz", timeout=PATIENCE) as answer:
        assert (answer.status, answer.read().strip()) == (200, b"ok")


def test_a_pod_finds_a_service_by_its_names(cluster: Cluster) -> None:
    service = {"kind": "Service", "apiVersion": "v1beta1", "id": "redis-master", "port": 6379, "portalIP": "10.0.0.11"}
    container = {"name": "main", "image": "peapod-test/busybox:1", "command": ["sleep", "600"]}
    container["imagePullPolicy"] = "PullNever"
    manifest = {"version": "v1beta2", "dnsPolicy": "ClusterFirst", "containers": [container]}
    pod = {"kind": "Pod", "apiVersion": "v1beta1", "id": "asks", "desiredState": {"manifest": manifest}}
    cluster.wait_for_nodes()
    for document in (service, pod):
        cluster.peapod("create", "-f", "-", given=json.dumps(document))
    cluster.wait_for_pods(["asks"], running)
    for name in ("redis-master", "redis-master.default.cluster.local"):
        # Busybox looks a name without dots up in each domain, and fails when one of them has none.
        assert "Address: 10.0.0.11" in cluster.run_in("asks", "main", "sh", "-c", f"nslookup -type=a {name}; true")
    assert "REDIS_MASTER_PORT=tcp://10.0.0.11:6379" in cluster.run_in("asks", "main", "env")
    cluster.peapod("delete", "pod", "asks")
    cluster.wait_until_gone("asks")


def _works(command: list[str]) -> bool:
    return (
        shutil.which(command[0]) is not None
        and not subprocess.run([*command, "version"], capture_output=True).returncode
    )


def _compose(command: list[str], environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [*command, *arguments], cwd=containers.CHECKOUT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.fail(f"{' '.join([*command, *arguments])}: {done.stdout}{done.stderr}")
    return done.stdout
