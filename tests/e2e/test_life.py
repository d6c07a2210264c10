"""The life of real containers under `peapod up`: how they end and start again, are asked how they are, and are told
to go.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from peapod.v1 import meta_pb2, pod_pb2
from tests.support import engine
from tests.support.cluster import Cluster, running
from tests.support.up import interrupted_up

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

FOREVER = "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"
RESTARTED = "[ -e /shared/sick-$1 ] || { touch /shared/sick-$1; exec sleep 1000; }"
"""Makes the first instance of a container one that does nothing of what it should."""


@pytest.fixture(scope="module")
def cluster(pod_images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with interrupted_up(tmp_path_factory.mktemp("life"), f"{engine.SESSION}-life") as cluster:
        cluster.wait_for_nodes()
        yield cluster


def make(name: str, *scripts: str, policy: str = "always", **settings: Any) -> dict[str, Any]:
    """Make a pod in v1beta1's words, whose containers c0, c1... run scripts and share a volume."""
    containers = [
        {
            "name": f"c{index}",
            "image": "peapod-test/busybox:1",
            "imagePullPolicy": "PullNever",
            "entrypoint": ["/bin/sh", "-c", script, "sh", f"c{index}"],
            "volumeMounts": [{"name": "shared", "mountPath": "/shared"}],
        }
        for index, script in enumerate(scripts)
    ]
    manifest = {
        "version": "v1beta2",
        "volumes": [{"name": "shared", "source": {"emptyDir": {}}}],
        "containers": containers,
        "restartPolicy": {policy: {}},
        "terminationGracePeriodSeconds": 1,
        **settings,
    }
    return {"id": name, "kind": "Pod", "apiVersion": "v1beta1", "desiredState": {"manifest": manifest}}


def first_container(pod: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = pod["desiredState"]["manifest"]["containers"][0]
    return found


def create(cluster: Cluster, *pods: dict[str, Any]) -> None:
    for pod in pods:
        assert cluster.peapod("create", "-f", "-", given=json.dumps(pod)) == f"{pod['id']}\n"


def remove(cluster: Cluster, *names: str) -> None:
    for name in names:
        cluster.peapod("delete", "pod", name)
    for name in names:
        cluster.wait_until_gone(name)


def wait(cluster: Cluster, name: str, until: Callable[[pod_pb2.Pod], bool]) -> pod_pb2.PodStatus:
    return cluster.wait_for_pods([name], until)[name].status


def ready(pod: pod_pb2.Pod) -> bool:
    return any(one.type == "Ready" and one.status == meta_pb2.CONDITION_STATUS_TRUE for one in pod.status.conditions)


def loops(pod: pod_pb2.Pod) -> bool:
    return [one.state.waiting.reason for one in pod.status.container_statuses] == ["CrashLoopBackOff"]


def over(pod: pod_pb2.Pod) -> bool:
    return pod.status.phase in (pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED)


def restarted(pod: pod_pb2.Pod) -> bool:
    return running(pod) and ready(pod) and all(one.restart_count >= 1 for one in pod.status.container_statuses)


def test_a_container_that_exits_at_once_under_each_restart_policy(cluster: Cluster) -> None:
    cases = [(policy, code) for policy in ("always", "onFailure", "never") for code in (0, 3)]
    names = {(policy, code): f"{policy.lower()}-{code}" for policy, code in cases}
    script = "printf 'ended with {0}' > /dev/termination-log; exit {0}"
    create(cluster, *(make(names[case], script.format(case[1]), policy=case[0]) for case in cases))
    looping = [case for case in cases if case in (("always", 0), ("always", 3), ("onFailure", 3))]
    looped = cluster.wait_for_pods([names[case] for case in looping], loops)
    for case in looping:
        status = looped[names[case]].status
        one = status.container_statuses[0]
        last = one.last_state.terminated
        assert (status.phase, one.ready) == (pod_pb2.POD_PHASE_RUNNING, False)
        assert one.restart_count >= 1
        assert (last.exit_code, last.message) == (case[1], f"ended with {case[1]}")
    for case in cases:
        if case in looping:
            continue
        status = wait(cluster, names[case], over)
        one = status.container_statuses[0]
        good = case[1] == 0
        assert status.phase == (pod_pb2.POD_PHASE_SUCCEEDED if good else pod_pb2.POD_PHASE_FAILED)
        assert (one.restart_count, one.state.terminated.exit_code) == (0, case[1])
        assert one.state.terminated.reason == ("Completed" if good else "Error")
        assert one.state.terminated.message == f"ended with {case[1]}"
    shown = json.loads(cluster.peapod("get", "pod", "never-3", "-o", "json"))["currentState"]
    assert (shown["status"], shown["info"]["c0"]["state"]["termination"]["exitCode"]) == ("Terminated", 3)
    remove(cluster, *names.values())


def test_a_signal_is_told_as_what_ended_a_container(cluster: Cluster) -> None:
    create(cluster, make("signalled", FOREVER, policy="never"))
    wait(cluster, "signalled", running)
    with engine.client() as api:
        api.kill(cluster.container("signalled", "c0")["Id"], signal.SIGKILL)
    ended = wait(cluster, "signalled", over).container_statuses[0].state.terminated
    assert (ended.exit_code, ended.signal) == (137, 9)
    remove(cluster, "signalled")


def test_the_message_may_be_left_elsewhere(cluster: Cluster) -> None:
    pod = make("elsewhere", "echo last words > /var/run/last; exit 1", policy="never")
    first_container(pod)["terminationMessagePath"] = "/var/run/last"
    create(cluster, pod)
    assert wait(cluster, "elsewhere", over).container_statuses[0].state.terminated.message == "last words"
    remove(cluster, "elsewhere")


def test_a_failed_liveness_probe_of_each_kind_starts_just_that_container_again(cluster: Cluster) -> None:
    web = "mkdir /www; touch /www/live; exec httpd -f -p 8080 -h /www"
    pod = make(
        "liveness",
        f"{RESTARTED}; touch /tmp/well; {FOREVER}",
        f"{RESTARTED}; {web}",
        f"{RESTARTED}; exec httpd -f -p 7070 -h /tmp",
    )
    probes: list[dict[str, Any]] = [
        {"exec": {"command": ["test", "-e", "/tmp/well"]}},
        {"httpGet": {"path": "/live", "port": "web"}},
        {"tcpSocket": {"port": 7070}},
    ]
    containers = pod["desiredState"]["manifest"]["containers"]
    for container, probe in zip(containers, probes, strict=True):
        container["livenessProbe"] = {**probe, "initialDelaySeconds": 2, "timeoutSeconds": 10, "periodSeconds": 1}
        container["readinessProbe"] = {**probe, "timeoutSeconds": 10, "periodSeconds": 1}
    containers[1]["ports"] = [{"name": "web", "containerPort": 8080}]
    network = "net"
    create(cluster, pod)
    wait(cluster, "liveness", running)
    before = cluster.container("liveness", network)["Id"]
    status = wait(cluster, "liveness", restarted)
    assert {one.last_state.terminated.exit_code for one in status.container_statuses} <= {137, 143}
    assert cluster.container("liveness", network)["Id"] == before
    told = cluster.peapod("describe", "pod", "liveness")
    assert "Liveness probe failed: test exited with code 1" in told
    assert "/live: Connection refused" in told
    assert ":7070: Connection refused" in told
    remove(cluster, "liveness")


def test_a_container_that_is_not_ready_runs_on(cluster: Cluster) -> None:
    pod = make("readiness", FOREVER, FOREVER)
    probe = {"exec": {"command": ["test", "-e", "/tmp/ready"]}, "timeoutSeconds": 10, "periodSeconds": 1}
    first_container(pod)["readinessProbe"] = probe
    create(cluster, pod)
    status = wait(
        cluster, "readiness", lambda pod: [one.ready for one in pod.status.container_statuses] == [False, True]
    )
    assert status.phase == pod_pb2.POD_PHASE_RUNNING
    cluster.run_in("readiness", "c0", "touch", "/tmp/ready")
    wait(cluster, "readiness", ready)
    cluster.run_in("readiness", "c0", "rm", "/tmp/ready")
    status = wait(cluster, "readiness", lambda pod: running(pod) and not ready(pod))
    assert [one.restart_count for one in status.container_statuses] == [0, 0]
    remove(cluster, "readiness")


def test_hooks_run_inside_of_the_container_and_the_grace_is_given(cluster: Cluster, tmp_path: Path) -> None:
    script = "trap 'echo asked >> /notes/end; sleep 1; echo ended >> /notes/end; exit' TERM"
    pod = make("hooks", f"{script}; while :; do sleep 1000 & wait; done", terminationGracePeriodSeconds=60)
    pod["desiredState"]["manifest"]["volumes"].append({"name": "notes", "source": {"hostDir": {"path": str(tmp_path)}}})
    container = first_container(pod)
    container["volumeMounts"].append({"name": "notes", "mountPath": "/notes"})
    container["lifecycle"] = {
        "postStart": {"exec": {"command": ["sh", "-c", "echo hello > /tmp/greeted"]}},
        "preStop": {"exec": {"command": ["sh", "-c", "cat /tmp/greeted >> /notes/end; echo farewell >> /notes/end"]}},
    }
    create(cluster, pod)
    wait(cluster, "hooks", ready)
    assert cluster.run_in("hooks", "c0", "cat", "/tmp/greeted") == "hello\n"
    remove(cluster, "hooks")
    assert (tmp_path / "end").read_text().split() == ["hello", "farewell", "asked", "ended"]


def test_a_hook_after_the_start_that_fails_ends_the_container(cluster: Cluster) -> None:
    pod = make("ungreeted", FOREVER, policy="never")
    first_container(pod)["lifecycle"] = {"postStart": {"exec": {"command": ["sh", "-c", "echo no luck; exit 4"]}}}
    create(cluster, pod)
    wait(cluster, "ungreeted", over)
    assert "postStart hook failed: sh exited with code 4: no luck" in cluster.peapod("describe", "pod", "ungreeted")
    remove(cluster, "ungreeted")
