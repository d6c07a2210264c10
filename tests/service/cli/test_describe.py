"""`peapod describe`: an object for people, with its events."""

from __future__ import annotations

from google.protobuf import text_format

from peapod.v1 import event_pb2, event_service_pb2, node_pb2, node_service_pb2, pod_pb2, pod_service_pb2
from tests.service.cli.conftest import PODTEST, Run
from tests.support.apiserver import Api

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
    assert "Host:             node-1/127.0.0.1" in lines
    assert "Status:           Running" in lines
    assert "IP:               172.17.0.2" in lines
    containers = [line.split() for line in lines[lines.index("Containers:") + 2 :][:2]]
    assert " ".join(containers[0]).startswith(
        "master1 10.10.103.215:5000/redis Running since Thu, 01 Jan 1970 00:00:00"
    )
    assert " ".join(containers[0]).endswith("True 2 Terminated with 137 (OOMKilled)")
    assert " ".join(containers[1][2:]) == "Waiting (CrashLoopBackOff): again in 10 s False 0"
    assert lines[lines.index("Conditions:") + 2].split() == ["Ready", "False"]
    assert "Started master1." in outcome.out
    assert "Not this one." not in outcome.out


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
