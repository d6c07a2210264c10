"""A cluster in containers: every service from the services' own image, on a network of its own, with real etcd.

The two kubelets share the machine's engine, each with the socket and with its root directory at the host's path, so
that what they mount is where the engine looks for it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.waiting_utils import WaitStrategy, WaitStrategyTarget

from peapod.common import health
from tests.support import engine
from tests.support.cluster import PATIENCE, Cluster
from tests.support.ports import free_port

CHECKOUT = Path(__file__).parents[2]
SERVICES_IMAGE = "peapod-test/services:1"
API_PORT = 7070

# Its reaper is one more image from a registry; the sweep by label does the same.
testcontainers_config.ryuk_disabled = True


class Healthy(WaitStrategy):
    """Waits for a service's own word that it serves."""

    def wait_until_ready(self, container: WaitStrategyTarget) -> None:
        """Return when it serves; raise TimeoutError when it did not in time."""
        address = f"127.0.0.1:{container.get_exposed_port(API_PORT)}"
        if problem := health.problem(address, wait_seconds=PATIENCE):
            raise TimeoutError(f"{address}: {problem}")


def base_images() -> dict[str, str]:
    """Make the base images where they are missing or old, and return the variables that name them."""
    subprocess.run([CHECKOUT / "compose" / "base-images"], check=True)
    lines = (CHECKOUT / "compose" / ".env").read_text().split()
    return dict(line.split("=", 1) for line in lines)


def services_image(bases: dict[str, str]) -> str:
    """Build the services' image of this checkout; what has not changed comes from the engine's cache."""
    command = ["docker", "build", "--quiet", "--file", "compose/Dockerfile", "--tag", SERVICES_IMAGE]
    for name in ("BASE", "PIP_NO_INDEX"):
        command += ["--build-arg", f"{name}={bases[name]}"]
    subprocess.run([*command, "."], cwd=CHECKOUT, check=True, capture_output=True)
    # Each change of the code leaves its predecessor's layers; the young ones are the cache of the next build.
    stale = ["--filter", "label=io.peapod.image", "--filter", "until=24h"]
    subprocess.run(["docker", "image", "prune", "--force", *stale], check=True, capture_output=True)
    return SERVICES_IMAGE


@contextmanager
def cluster(image: str, etcd_image: str, root: Path) -> Iterator[Cluster]:
    """Run etcd, apiserver, scheduler, controllers and two kubelets, whose root directories are below `root`."""
    nodes = tuple(f"{engine.SESSION}-e2e-{number}" for number in (1, 2))
    services: dict[str, DockerContainer] = {}
    with ExitStack() as stack:
        network = stack.enter_context(_network())

        def start(alias: str, container: DockerContainer, **settings: object) -> DockerContainer:
            container.with_network(network).with_network_aliases(alias)
            services[alias] = stack.enter_context(container.with_kwargs(labels=engine.labels(alias), **settings))
            return container

        start("etcd", _etcd(etcd_image))
        apiserver = start("apiserver", _apiserver(image))
        start("scheduler", _service(image, "scheduler", "--apiserver", f"apiserver:{API_PORT}"))
        start("controllers", _service(image, "controllers", "--apiserver", f"apiserver:{API_PORT}"))
        for node in nodes:
            # For the engine's socket, and to reach into pods as compose/docker-compose.yml lets it.
            start(node, _kubelet(image, node, root / node), user="root", pid_mode="host", cap_add=["SYS_ADMIN"])
        yield Cluster(f"127.0.0.1:{apiserver.get_exposed_port(API_PORT)}", nodes, lambda: _logs(services))


def _logs(services: dict[str, DockerContainer]) -> str:
    texts = {name: b"".join(service.get_logs()).decode(errors="replace") for name, service in services.items()}
    return "\n".join(f"{name}:\n{text}" for name, text in texts.items())


@contextmanager
def _network() -> Iterator[Network]:
    with Network(docker_network_kw={"labels": engine.labels()}) as network:
        yield network
    network._docker.client.close()


def _etcd(image: str) -> DockerContainer:
    listen = ["--listen-client-urls", "http://0.0.0.0:2379", "--advertise-client-urls", "http://etcd:2379"]
    return DockerContainer(image).with_command(["etcd", "--data-dir", "/tmp/etcd", *listen])


def _service(image: str, *arguments: str) -> DockerContainer:
    return DockerContainer(image).with_command(list(arguments))


def _apiserver(image: str) -> DockerContainer:
    listen = ["--address", f"0.0.0.0:{API_PORT}", "--allow-insecure"]
    container = _service(image, "apiserver", "--store", "etcd://etcd:2379", *listen)
    # A port of its own choice would be another one after a restart.
    container.ports[str(API_PORT)] = ("127.0.0.1", free_port())  # type: ignore[assignment]
    return container.waiting_for(Healthy())


def _kubelet(image: str, node: str, root: Path) -> DockerContainer:
    root.mkdir(parents=True)
    listen = ["--address", "0.0.0.0:10250", "--advertise-address", f"{node}:10250", "--allow-insecure"]
    settings = ["--node-name", node, "--runtime", "docker", "--root-dir", str(root)]
    container = _service(image, "kubelet", "--apiserver", f"apiserver:{API_PORT}", *listen, *settings)
    container.with_volume_mapping("/var/run/docker.sock", "/var/run/docker.sock", "rw")
    return container.with_volume_mapping(root, str(root), "rw")
