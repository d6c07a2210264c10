"""What the Docker engine is told and how its answers are read, without an engine."""

from __future__ import annotations

import base64
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from docker.tls import TLSConfig

from peapod.kubelet.naming import NETWORK, ContainerName
from peapod.kubelet.runtime.docker.credentials import Credentials
from peapod.kubelet.runtime.docker.line import Place
from peapod.kubelet.runtime.docker.spec import create_body
from peapod.kubelet.runtime.docker.state import observed
from peapod.kubelet.runtime.runtime import Dns, Launch
from peapod.v1 import pod_pb2
from tests.support.pods import make_pod


def body(pod: pod_pb2.Pod, **kwargs: Any) -> dict[str, Any]:
    """The create request of the pod's first container, which joins the network container "n1"."""
    container = pod.spec.containers[0]
    name = ContainerName(container.name, "0", "web", "default", "api", "uid-1", 0)
    return create_body(Launch(name, pod, container, container.image, "n1", **kwargs), "node", "pause")


def network_body(pod: pod_pb2.Pod, **kwargs: Any) -> dict[str, Any]:
    name = ContainerName(NETWORK, "0", "web", "default", "api", "uid-1", 0)
    return create_body(Launch(name, pod, None, "", **kwargs), "node", "pause")


def test_a_privileged_container_is_asked_for_as_such() -> None:
    pod = make_pod()
    assert body(pod)["HostConfig"]["Privileged"] is False
    pod.spec.containers[0].security_context.privileged = True
    assert body(pod)["HostConfig"]["Privileged"] is True
    assert "Privileged" not in network_body(pod)["HostConfig"]


def test_capabilities_are_passed_on() -> None:
    pod = make_pod()
    pod.spec.containers[0].security_context.capabilities.add.extend(["NET_ADMIN", "SYS_TIME"])
    pod.spec.containers[0].security_context.capabilities.drop.append("CHOWN")
    host = body(pod)["HostConfig"]
    assert (host["CapAdd"], host["CapDrop"]) == (["NET_ADMIN", "SYS_TIME"], ["CHOWN"])


@pytest.mark.parametrize(
    ("cpu", "shares"), [("1", 1024), ("250m", 256), ("2", 2048), ("1m", 2), ("0", None), ("", None)]
)
def test_cpu_is_a_weight(cpu: str, shares: int | None) -> None:
    """Beside others a core counts 1024; 2 is the least that the engine takes."""
    pod = make_pod()
    if cpu:
        pod.spec.containers[0].resources.limits["cpu"] = cpu
    assert (body(pod)["HostConfig"].get("CpuShares") or None) == shares


def test_a_request_of_cpu_goes_before_its_limit() -> None:
    pod = make_pod()
    pod.spec.containers[0].resources.limits["cpu"] = "2"
    pod.spec.containers[0].resources.requests["cpu"] = "500m"
    assert body(pod)["HostConfig"]["CpuShares"] == 512


def test_memory_is_a_limit_in_bytes() -> None:
    pod = make_pod()
    pod.spec.containers[0].resources.limits["memory"] = "64Mi"
    assert body(pod)["HostConfig"]["Memory"] == 64 * 1024 * 1024


def test_the_network_container_is_the_last_to_be_killed_for_memory() -> None:
    pod = make_pod()
    assert network_body(pod)["HostConfig"]["OomScoreAdj"] == -100
    assert "OomScoreAdj" not in body(pod)["HostConfig"]


def test_names_are_resolved_by_the_network_containers_file() -> None:
    dns = Dns(("192.0.2.53",), ("a.example",), ("ndots:5",))
    host = network_body(make_pod(), dns=dns)["HostConfig"]
    assert (host["Dns"], host["DnsSearch"], host["DnsOptions"]) == (["192.0.2.53"], ["a.example"], ["ndots:5"])
    assert "Dns" not in body(make_pod(), dns=dns)["HostConfig"]
    assert "Dns" not in network_body(make_pod())["HostConfig"]


def ended(*, oom: bool, code: int) -> dict[str, Any]:
    """What the engine says of a container that has ended."""
    name = ContainerName("main", "0", "web", "default", "api", "uid-1", 0)
    times = {"StartedAt": "2015-04-01T12:00:01Z", "FinishedAt": "2015-04-01T12:00:02Z"}
    return {
        "Id": "c1",
        "Image": "sha256:0",
        "Created": "2015-04-01T12:00:00Z",
        "Config": {"Labels": name.labels("node"), "Image": "web"},
        "State": {"Status": "exited", "Running": False, "OOMKilled": oom, "ExitCode": code, "Error": "", **times},
        "NetworkSettings": {},
    }


@pytest.mark.parametrize(
    ("oom", "told", "code", "reason"),
    [
        (True, False, 137, "OOMKilled"),
        (False, True, 137, "OOMKilled"),
        (False, True, 1, ""),
        (False, False, 137, ""),
    ],
)
def test_a_lack_of_memory_has_two_witnesses(oom: bool, told: bool, code: int, reason: str) -> None:
    """The second one alone is believed when the container was killed: it tells of any process of it."""
    assert observed(ended(oom=oom, code=code), short_of_memory=told).reason == reason


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("", Place(path="/var/run/docker.sock")),
        ("unix:///run/other.sock", Place(path="/run/other.sock")),
        ("tcp://127.0.0.1:2375", Place(host="127.0.0.1", port=2375)),
        ("http://[::1]:2375", Place(host="::1", port=2375)),
    ],
)
def test_an_engines_address(address: str, place: Place) -> None:
    assert Place.of(address, None) == place


def login(logins: Path, config: object, image: str) -> dict[str, str] | None:
    """The login that is sent for an image with this config file."""
    logins.write_text(json.dumps(config))
    header = Credentials(str(logins)).find(image).header
    found: dict[str, str] | None = json.loads(base64.urlsafe_b64decode(header)) if header else None
    return found


def test_a_login_by_token(tmp_path: Path) -> None:
    config = {"auths": {"r.example": {"auth": "YTpi", "identitytoken": "t"}}}
    assert login(tmp_path / "logins", config, "r.example/web") == {"IdentityToken": "t"}


def test_images_without_a_registry_take_the_login_of_the_docker_hub(tmp_path: Path) -> None:
    config = {"auths": {"https://index.docker.io/v1/": {"username": "a", "password": "b"}}}
    found = login(tmp_path / "logins", config, "web")
    assert found is not None
    assert (found["username"], found["password"]) == ("a", "b")


@pytest.mark.parametrize("config", [{}, {"auths": {}}, {"auths": {"r.example": {}}}, {"proxies": {"default": {}}}])
def test_no_login(tmp_path: Path, config: object) -> None:
    assert login(tmp_path / "logins", config, "r.example/web") is None


def test_an_engine_behind_tls() -> None:
    place = Place.of("tcp://127.0.0.1:2376", TLSConfig(verify=False))
    assert (place.host, place.port) == ("127.0.0.1", 2376)
    assert place.tls is not None
    assert place.tls.verify_mode is ssl.CERT_NONE
    checked = Place.of("tcp://127.0.0.1:2376", TLSConfig(verify=True)).tls
    assert checked is not None
    assert checked.verify_mode is ssl.CERT_REQUIRED
