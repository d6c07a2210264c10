"""Probes, hooks and messages where containers are sandboxes on the node's own network."""

from __future__ import annotations

from pathlib import Path

from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from peapod.v1 import pod_pb2
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import container, create, delete, running_kubelet
from tests.support.sandbox_pods import FOREVER, make_runtime, on_host
from tests.support.worlds import gone


async def test_a_sandbox_leaves_its_last_words(
    api: OwnApi, seen: Following, sandboxes: SandboxRuntime, root: Path, node_name: str
) -> None:
    elsewhere = on_host("echo from elsewhere > /var/lib/last; exit 3")
    elsewhere.metadata.name = "elsewhere"
    elsewhere.spec.containers[0].termination_message_path = "/var/lib/last"
    async with running_kubelet(api, make_runtime(root, node_name), root, node_name=node_name):
        for pod in (on_host("echo last words > /dev/termination-log; exit 3"), elsewhere):
            pod.spec.restart_policy = pod_pb2.RESTART_POLICY_NEVER
            await create(api, pod, node_name)
        for name, words in (("web", "last words"), ("elsewhere", "from elsewhere")):
            await seen.until(lambda name=name: container(seen, name).state.HasField("terminated"))  # type: ignore[misc]
            ended = container(seen, name).state.terminated
            assert (ended.exit_code, ended.message) == (3, words)


async def test_a_sandbox_is_probed_greeted_and_told_to_go(
    api: OwnApi, seen: Following, sandboxes: SandboxRuntime, root: Path, node_name: str, tmp_path: Path
) -> None:
    pod = on_host(FOREVER)
    main = pod.spec.containers[0]
    pod.spec.volumes.add(name="notes").host_path.path = str(tmp_path)
    main.volume_mounts.add(name="notes", mount_path="/mnt")
    main.lifecycle.post_start.exec.command.extend(["sh", "-c", "echo hello >> /mnt/notes"])
    main.lifecycle.pre_stop.exec.command.extend(["sh", "-c", "echo farewell >> /mnt/notes"])
    main.readiness_probe.handler.exec.command.extend(["test", "-e", "/mnt/ready"])
    main.readiness_probe.period_seconds, main.readiness_probe.timeout_seconds = 1, 10
    async with running_kubelet(api, make_runtime(root, node_name), root, node_name=node_name):
        stored = await create(api, pod, node_name)
        await seen.until(lambda: bool(seen.told("unhealthy", "web")))
        assert not container(seen).ready
        (tmp_path / "ready").touch()
        await seen.until(lambda: container(seen).ready)
        await delete(api, "web")
        await gone([root / "pods" / stored.metadata.uid])
    assert (tmp_path / "notes").read_text().split() == ["hello", "farewell"]
