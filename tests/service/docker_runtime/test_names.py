"""How the containers of a pod resolve names: as the engine's machine does, or as the launch says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peapod.kubelet.naming import NETWORK, ContainerName
from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.kubelet.runtime.runtime import Dns, Launch
from tests.support.runtimes import TestPod, read_log, until_exited

pytestmark = pytest.mark.docker

DNS = Dns(("192.0.2.53", "192.0.2.54"), ("default.cluster.local", "cluster.local"))


async def resolv_conf(pod: TestPod, dns: Dns | None) -> list[str]:
    """Start a pod and read what a container of it finds."""
    name = ContainerName(NETWORK, "0", pod.name, "default", "api", pod.uid, 0)
    pod.network = await pod.runtime.start(Launch(name, pod.message, None, "", dns=dns))
    id = await pod.runtime.start(replace(pod.launch("cat /etc/resolv.conf"), dns=dns))
    await until_exited(pod.runtime, id)
    lines = (await read_log(pod.runtime, id)).splitlines()
    return [line for line in lines if line.split(" ")[0] in ("nameserver", "search")]


@pytest.mark.parametrize("host_network", [False, True])
async def test_all_containers_ask_the_servers_of_the_launch(
    runtime: DockerRuntime, pod: TestPod, host_network: bool
) -> None:
    pod.spec.host_network = host_network
    assert sorted(await resolv_conf(pod, DNS)) == [
        "nameserver 192.0.2.53",
        "nameserver 192.0.2.54",
        "search default.cluster.local cluster.local",
    ]


@pytest.mark.parametrize("host_network", [False, True])
async def test_no_search_domain_is_none(runtime: DockerRuntime, pod: TestPod, host_network: bool) -> None:
    pod.spec.host_network = host_network
    assert await resolv_conf(pod, Dns(("192.0.2.53",), ())) == ["nameserver 192.0.2.53"]


async def test_without_a_word_the_nodes_servers_are_asked(runtime: DockerRuntime, pod: TestPod) -> None:
    assert "192.0.2" not in "".join(await resolv_conf(pod, None))
