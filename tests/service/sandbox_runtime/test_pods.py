"""The kubelet on sandboxes: what a pod may ask for is done, and what a sandbox cannot do is refused by name."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from peapod.kubelet.server import Kubelet
from peapod.v1 import exec_pb2, meta_pb2, pod_pb2
from peapod.v1 import pod_service_pb2 as pods
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import NODE, container, create, delete, running_kubelet, told
from tests.support.pods import make_pod
from tests.support.ports import free_port
from tests.support.runtimes import until

RUNNING, SUCCEEDED, FAILED = pod_pb2.POD_PHASE_RUNNING, pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED
ALWAYS, ON_FAILURE, NEVER = (
    pod_pb2.RESTART_POLICY_ALWAYS,
    pod_pb2.RESTART_POLICY_ON_FAILURE,
    pod_pb2.RESTART_POLICY_NEVER,
)
FOREVER = "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"


@pytest.fixture
def runtime(root: Path) -> SandboxRuntime:
    return SandboxRuntime(NODE, root / "sandbox", hidden=(root,))


@pytest.fixture
async def kubelet(api: OwnApi, runtime: SandboxRuntime, root: Path) -> AsyncGenerator[Kubelet]:
    """One with a cluster DNS; at the end nothing runs."""
    async with running_kubelet(api, runtime, root, cluster_dns=("192.0.2.10",)) as running:
        yield running
    await runtime.open()
    for one in await runtime.list():
        await runtime.remove(one.id)
    await runtime.close()


def scripted(script: str = FOREVER, *, name: str = "web", policy: pod_pb2.RestartPolicy = ALWAYS) -> pod_pb2.Pod:
    """Make a pod of one container that runs a shell script."""
    pod = make_pod(name=name, policy=policy, image="host")
    pod.spec.containers[0].command.extend(["/bin/sh", "-c", script])
    return pod


def handler(script: str) -> pod_pb2.Handler:
    return pod_pb2.Handler(exec=pod_pb2.ExecAction(command=["/bin/sh", "-c", script]))


def is_ready(seen: Following, name: str = "web") -> bool:
    return any(one.status == meta_pb2.CONDITION_STATUS_TRUE for one in told(seen, name).conditions)


def exchange(name: str, path: Path) -> tuple[pod_pb2.Volume, pod_pb2.VolumeMount]:
    """A directory of the node, at /there in a container."""
    volume = pod_pb2.Volume(name=name, host_path=pod_pb2.HostPathVolumeSource(path=str(path)))
    return volume, pod_pb2.VolumeMount(name=name, mount_path="/there")


async def run(api: OwnApi, *command: str, name: str = "web") -> tuple[int, bytes]:
    """Run a command in a pod as a client does; return its exit code and output."""
    target = pods.ExecTarget(namespace="default", name=name, options=exec_pb2.ExecOptions(command=command))

    async def requests() -> AsyncIterator[pods.ExecInPodRequest]:
        yield pods.ExecInPodRequest(target=target)

    code, output = -1, b""
    async with api.pods.exec_in_pod(requests()) as stream:
        async for answer in stream:
            output += answer.output.stdout
            if answer.output.HasField("exit_code"):
                code = answer.output.exit_code
    return code, output


@pytest.mark.parametrize(
    ("policy", "code", "phase", "restarts"),
    [(NEVER, 0, SUCCEEDED, 0), (NEVER, 3, FAILED, 0), (ON_FAILURE, 0, SUCCEEDED, 0), (ALWAYS, 0, RUNNING, 1)],
)
@pytest.mark.usefixtures("kubelet")
async def test_restart_policies(
    api: OwnApi, seen: Following, policy: pod_pb2.RestartPolicy, code: int, phase: pod_pb2.PodPhase, restarts: int
) -> None:
    await create(api, scripted(f"echo last words > /dev/termination-log; exit {code}", policy=policy))
    await seen.until(lambda: told(seen).phase == phase and container(seen).restart_count >= restarts)
    if not restarts:
        assert container(seen).state.terminated.exit_code == code
        assert container(seen).state.terminated.message == "last words"


@pytest.mark.usefixtures("kubelet")
async def test_a_failing_liveness_command_starts_the_container_again(api: OwnApi, seen: Following) -> None:
    pod = scripted(f"touch /tmp/well; {FOREVER}")
    pod.spec.containers[0].liveness_probe.handler.CopyFrom(handler("[ -e /tmp/well ]"))
    pod.spec.containers[0].liveness_probe.period_seconds = 1
    await create(api, pod)
    await seen.until(lambda: is_ready(seen))
    assert await run(api, "rm", "/tmp/well") == (0, b"")
    await seen.until(lambda: container(seen).restart_count == 1 and is_ready(seen))
    assert "Liveness probe failed" in seen.told("unhealthy", "web")[0]


@pytest.mark.parametrize("kind", ["http", "tcp"])
@pytest.mark.usefixtures("kubelet")
async def test_a_server_is_ready_when_it_answers_at_the_pods_address(api: OwnApi, seen: Following, kind: str) -> None:
    port = free_port()
    pod = scripted(f"until [ -e /tmp/go ]; do sleep 0.1; done; exec python3 -m http.server {port}")
    web = pod.spec.containers[0]
    web.working_dir = "/tmp"
    web.ports.add(name="web", container_port=port)
    number = pod_pb2.IntOrString(text="web")
    if kind == "http":
        web.readiness_probe.handler.http_get.CopyFrom(pod_pb2.HTTPGetAction(path="/go", port=number))
    else:
        web.readiness_probe.handler.tcp_socket.CopyFrom(pod_pb2.TCPSocketAction(port=number))
    web.readiness_probe.period_seconds = 1
    await create(api, pod)
    await seen.until(lambda: told(seen).phase == RUNNING)
    assert not is_ready(seen)
    assert await run(api, "touch", "/tmp/go") == (0, b"")
    await seen.until(lambda: is_ready(seen))
    assert container(seen).restart_count == 0


@pytest.mark.usefixtures("kubelet")
async def test_hooks_are_called_in_the_container(
    api: OwnApi, seen: Following, runtime: SandboxRuntime, tmp_path: Path
) -> None:
    pod = scripted("trap 'echo told >> /there/said; exit 0' TERM; while :; do sleep 1000 & wait; done")
    volume, mount = exchange("there", tmp_path)
    pod.spec.volumes.append(volume)
    web = pod.spec.containers[0]
    web.volume_mounts.append(mount)
    web.lifecycle.post_start.CopyFrom(handler("echo started >> /there/said"))
    web.lifecycle.pre_stop.CopyFrom(handler("echo stopping >> /there/said"))
    await create(api, pod)
    await seen.until(lambda: is_ready(seen))
    await delete(api, "web")
    await until(runtime, lambda listed: None if listed else True)
    assert (tmp_path / "said").read_text() == "started\nstopping\ntold\n"


@pytest.mark.usefixtures("kubelet")
async def test_names_and_environment(api: OwnApi, seen: Following) -> None:
    pod = scripted()
    pod.spec.dns_policy = pod_pb2.DNS_POLICY_CLUSTER_FIRST
    pod.spec.containers[0].env.add(name="GREETING", value="it's $HOME")
    await create(api, pod)
    await seen.until(lambda: is_ready(seen))
    _, resolvers = await run(api, "cat", "/etc/resolv.conf")
    assert resolvers.splitlines()[0] == b"nameserver 192.0.2.10"
    assert b"search default.cluster.local cluster.local" in resolvers
    assert await run(api, "/bin/sh", "-c", 'echo "$GREETING"; hostname') == (0, b"it's $HOME\nweb\n")


@pytest.mark.usefixtures("kubelet")
async def test_a_port_of_a_pod_is_reached_through_the_apiserver(api: OwnApi, seen: Following) -> None:
    port = free_port()
    pod = scripted(f"exec python3 -m http.server {port} --bind 127.0.0.1")
    pod.spec.containers[0].working_dir = "/tmp"
    pod.spec.containers[0].readiness_probe.handler.tcp_socket.port.number = port
    pod.spec.containers[0].readiness_probe.period_seconds = 1
    pod.spec.host_network = True
    await create(api, pod)
    await seen.until(lambda: is_ready(seen))
    target = pods.PortForwardTarget(namespace="default", name="web", port=port)

    async def requests() -> AsyncIterator[pods.PortForwardPodRequest]:
        yield pods.PortForwardPodRequest(target=target)
        yield pods.PortForwardPodRequest(data=b"GET / HTTP/1.0\r\n\r\n")

    async with api.pods.port_forward_pod(requests()) as stream:
        answer = b"".join([piece.data async for piece in stream])
    assert answer.startswith(b"HTTP/1.0 200 OK")
    assert told(seen).pod_ip == told(seen).host_ip == "127.0.0.1"


@pytest.mark.usefixtures("kubelet")
async def test_what_a_sandbox_cannot_do_is_refused_by_name(api: OwnApi, seen: Following) -> None:
    pod = scripted()
    web = pod.spec.containers[0]
    web.resources.limits.update({"cpu": "1", "memory": "64Mi"})
    web.ports.add(container_port=80, host_port=8080, host_ip="127.0.0.1")
    web.security_context.capabilities.add.append("SYS_ADMIN")
    await create(api, pod)
    await seen.until(lambda: told(seen).phase == FAILED)
    for field in ("limits[cpu]", "limits[memory]", "ports[0].host_port", "ports[0].host_ip", "capabilities.add"):
        assert field in told(seen).message
