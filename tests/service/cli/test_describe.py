"""`peapod describe`: an object for people, with its events."""

from __future__ import annotations

import itertools
import json

from google.protobuf import text_format

from peapod.v1 import event_pb2, event_service_pb2, node_pb2, node_service_pb2, pod_pb2, pod_service_pb2
from tests.service.cli.conftest import PODTEST, Run
from tests.support.apiserver import Api
from tests.support.objects import make_node, make_pod

STATUS = """
phase: POD_PHASE_RUNNING host_ip: "127.0.0.1" pod_ip: "172.17.0.2"
conditions { type: "Ready" status: CONDITION_STATUS_FALSE }
container_statuses {
  name: "master1" ready: true restart_count: 2
  state { running { started_at { seconds: 0 } } }
  last_state { terminated { exit_code: 137 reason: "OOMKilled" } }
}
container_statuses { name: "master2" state { waiting { reason: "CrashLoopBackOff" message: "again in 10 s" } } }
"""

EVERYTHING = {
    "id": "all",
    "kind": "Pod",
    "apiVersion": "v1beta1",
    "annotations": {"why": "to see it all"},
    "nodeSelector": {"disk": "ssd"},
    "desiredState": {
        "manifest": {
            "version": "v1beta1",
            "restartPolicy": {"onFailure": {}},
            "terminationGracePeriodSeconds": 3,
            "volumes": [
                {"name": "scratch", "source": {"emptyDir": {"medium": "Memory"}}},
                {"name": "logs", "source": {"hostDir": {"path": "/var/log"}}},
                {"name": "disk", "source": {"persistentDisk": {"pdName": "d1", "fsType": "ext4", "readOnly": True}}},
                {"name": "code", "source": {"gitRepo": {"repository": "/srv/code.git", "revision": "v1"}}},
                {"name": "keys", "source": {"secret": {"target": {"kind": "Secret", "name": "tls"}}}},
                {"name": "files", "source": {"nfs": {"server": "nfs", "path": "/exports"}}},
            ],
            "containers": [
                {
                    "name": "web",
                    "image": "shop/web:1",
                    "ports": [{"name": "http", "containerPort": 80, "hostPort": 8080, "hostIP": "127.0.0.1"}],
                    "cpu": 500,
                    "memory": 67108864,
                    "volumeMounts": [{"name": "logs", "mountPath": "/logs", "readOnly": True}],
                    "livenessProbe": {
                        "httpGet": {"path": "/healthz", "port": "http"},
                        "initialDelaySeconds": 5,
                        "timeoutSeconds": 2,
                    },
                    "readinessProbe": {"tcpSocket": {"port": 80}},
                    "lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", "touch /tmp/up"]}}},
                }
            ],
        }
    },
}

NODE = """
metadata { name: "node-1" }
status {
  capacity { key: "cpu" value: "2" }
  conditions { type: "Ready" status: CONDITION_STATUS_TRUE reason: "KubeletReady" }
  addresses { type: "LegacyHostIP" address: "127.0.0.1" }
  node_info { kernel_version: "6.1" }
}
"""


async def prepare(peapod: Run, api: Api) -> None:
    await peapod("create", "-f", str(PODTEST))
    node = text_format.Parse(NODE, node_pb2.Node())
    await api.nodes.heartbeat_node(node_service_pb2.HeartbeatNodeRequest(node=node))
    name = {"namespace": "default", "name": "podtest"}
    binding = pod_service_pb2.Binding(**name, node_name="node-1")
    await api.pods.bind_pods(pod_service_pb2.BindPodsRequest(bindings=[binding]))
    pod = (await api.pods.get_pod(pod_service_pb2.GetPodRequest(**name))).pod
    status = text_format.Parse(STATUS, pod_pb2.PodStatus())
    update = pod_service_pb2.PodStatusUpdate(**name, uid=pod.metadata.uid, status=status)
    await api.pods.update_pod_statuses(pod_service_pb2.UpdatePodStatusesRequest(updates=[update]))
    event = event_pb2.Event(reason="started", message="Started master1.", source={"component": "kubelet"})
    event.involved_object.kind, event.involved_object.name = "Pod", "podtest"
    event.involved_object.namespace, event.involved_object.uid = "default", pod.metadata.uid
    about_another = event_pb2.Event()
    about_another.CopyFrom(event)
    about_another.involved_object.uid, about_another.message = "of-an-earlier-pod", "Not this one."
    await api.events.record_events(event_service_pb2.RecordEventsRequest(events=[event, about_another]))


async def test_a_pod(peapod: Run, api: Api) -> None:
    await prepare(peapod, api)
    outcome = await peapod("describe", "pod", "podtest")
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert "Host:                      node-1/127.0.0.1" in lines
    assert "Status:                    Running" in lines
    assert "IP:                        172.17.0.2" in lines
    containers = [line.split() for line in lines[lines.index("Containers:") + 2 :][:2]]
    assert " ".join(containers[0]).startswith(
        "master1 10.10.103.215:5000/redis Running since Thu, 01 Jan 1970 00:00:00"
    )
    assert " ".join(containers[0]).endswith("True 2 Terminated with 137 (OOMKilled)")
    assert " ".join(containers[1][2:]) == "Waiting (CrashLoopBackOff): again in 10 s False 0"
    assert lines[lines.index("Conditions:") + 2].split() == ["Ready", "False"]
    assert "Started master1." in outcome.out
    assert "Not this one." not in outcome.out


async def test_everything_that_was_asked_for(peapod: Run) -> None:
    assert (await peapod("create", "-f", "-", stdin=json.dumps(EVERYTHING))).err == ""
    lines = (await peapod("describe", "pod", "all")).out.splitlines()
    for pair in ("Annotations:|why=to see it all", "Node Selector:|disk=ssd", "Restart Policy:|OnFailure"):
        name, value = pair.split("|")
        assert f"{name:<18} {value}".split() in [line.split() for line in lines]
    assert under("Ports:", lines) == ["web http 80 TCP 127.0.0.1:8080"]
    assert under("Resources:", lines)[0].startswith("web cpu=500m,memory=")
    assert under("Probes:", lines) == [
        "web liveness GET /healthz from port http 5 s 2 s 10 s",
        "web readiness connect to port 80 0 s 1 s 10 s",
    ]
    assert under("Hooks:", lines) == ["web post-start sh -c 'touch /tmp/up'"]
    assert under("Volumes:", lines) == [
        "scratch emptyDir (Memory)",
        "logs hostDir /var/log",
        "disk persistentDisk d1 (ext4, read-only)",
        "code gitRepo /srv/code.git at v1",
        "keys secret tls",
        "files nfs nfs:/exports",
    ]
    assert under("Mounts:", lines) == ["web logs /logs (read-only)"]
    assert ["Grace", "Period:", "3", "s"] in [line.split() for line in lines]


def under(title: str, lines: list[str]) -> list[str]:
    """Read the rows of a table under its title and its heads, with one blank between cells."""
    after = lines[lines.index(title) + 2 :]
    return [" ".join(row.split()) for row in itertools.takewhile(lambda line: line.startswith("  "), after)]


async def test_what_the_pods_of_a_node_take(peapod: Run, api: Api) -> None:
    node = make_node("node-1", cpu="4", memory="8Gi", pods="40")
    node.status.allocatable.update({"cpu": "3", "memory": "6Gi", "pods": "40"})
    await api.nodes.heartbeat_node(node_service_pb2.HeartbeatNodeRequest(node=node))
    pods = [make_pod("a", node="node-1", cpu="1500m", memory="1536Mi"), make_pod("b", node="node-1")]
    over = make_pod("over", node="node-1", cpu="1", memory="1Gi")
    for pod in (*pods, over, make_pod("elsewhere", node="node-2", cpu="1")):
        stored = (await api.pods.create_pod(pod_service_pb2.CreatePodRequest(pod=pod))).pod
        if pod is over:
            status = pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_SUCCEEDED)
            name = {"namespace": "default", "name": "over", "uid": stored.metadata.uid}
            update = pod_service_pb2.PodStatusUpdate(**name, status=status)
            await api.pods.update_pod_statuses(pod_service_pb2.UpdatePodStatusesRequest(updates=[update]))
    lines = (await peapod("describe", "node", "node-1")).out.splitlines()
    assert under("Pods: (3 in total)", lines) == [
        "default a Pending 1.5 1536Mi",
        "default b Pending 0 0",
        "default over Succeeded 1 1024Mi",
    ]
    assert under("Taken:", lines) == ["cpu 1.5 3 50 %", "memory 1536Mi 6144Mi 25 %", "pods 2 40 5 %"]


async def test_a_secret_shows_no_values(peapod: Run) -> None:
    secret = {"kind": "Secret", "apiVersion": "v1beta1", "id": "tls", "data": {"key": "aGlkZGVu"}}
    assert (await peapod("create", "-f", "-", stdin=json.dumps(secret))).status == 0
    outcome = await peapod("describe", "secret", "tls")
    assert under("Data:", outcome.out.splitlines()) == ["key 6 bytes"]
    assert "hidden" not in outcome.out
    assert "aGlkZGVu" not in outcome.out


async def test_a_node_with_its_pods(peapod: Run, api: Api) -> None:
    await prepare(peapod, api)
    outcome = await peapod("describe", "minion", "node-1")
    lines = outcome.out.splitlines()
    assert "Capacity:         cpu=2" in lines
    assert lines[lines.index("Pods: (1 in total)") + 2].split() == ["default", "podtest", "Running", "0", "0"]
    assert lines[-1] == "No events."


async def test_a_namespace_and_what_is_not_there(peapod: Run) -> None:
    outcome = await peapod("describe", "ns", "default", "nope")
    assert outcome.status == 1
    assert outcome.out.splitlines()[2] == "Status:    Active"
    assert outcome.err == 'error: Namespace "nope" not found\n'
