"""Who and where a container is told it is: hostname, hosts, resolvers, in the node's own root and in an image's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from peapod.kubelet.runtime.runtime import Dns, Launch, Mount
from peapod.kubelet.runtime.sandbox import identity
from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from tests.support.archives import small_rootfs
from tests.support.runtimes import TestPod, output_of, read_log, until_exited

RESOLVERS = Path("/etc/resolv.conf").read_text()
HOSTS = Path("/etc/hosts").read_text()
CLUSTER = Dns(("10.0.0.10", "10.0.0.11"), ("default.cluster.local", "cluster.local"))
ROOTFS = small_rootfs().tar()


@pytest.fixture(params=["host", "image"])
async def pod(request: pytest.FixtureRequest, runtime: SandboxRuntime, tmp_path: Path) -> TestPod:
    if request.param == "host":
        return TestPod(runtime, "host", name="web-1")
    archive = tmp_path / "small.tar"
    archive.write_bytes(ROOTFS)
    await runtime.import_image(archive, "small")
    return TestPod(runtime, "small", name="web-1")


async def written(pod: TestPod, launch: Launch) -> str:
    id = await pod.runtime.start(launch)
    await until_exited(pod.runtime, id)
    return await read_log(pod.runtime, id)


async def test_the_hostname_is_the_pods(pod: TestPod) -> None:
    seen = await output_of(pod, "cat /proc/sys/kernel/hostname /etc/hostname; echo $HOSTNAME")
    assert seen == "web-1\n" * 3


async def test_a_name_too_long_for_a_hostname_is_cut(pod: TestPod) -> None:
    pod.name = "a" * 62 + "-b." + "c" * 60
    assert await output_of(pod, "cat /proc/sys/kernel/hostname") == "a" * 62 + "\n"


async def test_the_hosts_are_the_nodes_and_the_pod_itself(pod: TestPod) -> None:
    assert await output_of(pod, "cat /etc/hosts") == f"{HOSTS.rstrip()}\n127.0.0.1\tweb-1\n"


async def test_names_resolve_as_on_the_node(pod: TestPod) -> None:
    assert await output_of(pod, "cat /etc/resolv.conf") == RESOLVERS


async def test_names_resolve_as_the_kubelet_says(pod: TestPod) -> None:
    seen = await written(pod, replace(pod.launch("cat /etc/resolv.conf"), dns=CLUSTER))
    assert seen == "nameserver 10.0.0.10\nnameserver 10.0.0.11\nsearch default.cluster.local cluster.local\n"


async def test_none_of_it_can_be_changed(pod: TestPod) -> None:
    script = "for f in hosts hostname resolv.conf; do echo x 2> /dev/null > /etc/$f || echo closed; done"
    assert await written(pod, replace(pod.launch(script), dns=CLUSTER)) == "closed\n" * 3


async def test_a_users_own_files_come_first(pod: TestPod, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("10.1.1.1 mine\n")
    mounts = [Mount(str(tmp_path / "mine"), "/etc/hosts")]
    assert await output_of(pod, "cat /etc/hosts", mounts=mounts) == "10.1.1.1 mine\n"


async def test_a_users_own_etc_stays_as_it_is(pod: TestPod, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/mine").touch()
    assert await output_of(pod, "ls /etc", mounts=[Mount(str(tmp_path / "etc"), "/etc")]) == "mine\n"


async def test_containers_of_one_pod_are_told_the_same(pod: TestPod) -> None:
    first, second = [await output_of(pod, "cat /etc/hosts", container=name) for name in ("a", "b")]
    assert first == second


async def test_a_node_without_such_files(pod: TestPod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "NODES_ETC", tmp_path)
    assert await output_of(pod, "[ -x /bin/sh ] && echo runs") == "runs\n"
