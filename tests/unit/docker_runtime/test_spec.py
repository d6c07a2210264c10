"""What a launch becomes in the engine's words."""

from __future__ import annotations

from google.protobuf import text_format

from peapod.kubelet.naming import NODE_LABEL, ContainerName
from peapod.kubelet.runtime.docker.spec import cpu_shares, create_body, hostname, port_bindings
from peapod.kubelet.runtime.runtime import Launch, Mount
from peapod.v1 import pod_pb2

NAME = ContainerName("main", "0a1b2c3d", "web", "default", "api", "u1", 3)

POD = text_format.Parse(
    """
    metadata { name: "web" namespace: "default" uid: "u1" }
    spec {
      containers { name: "a"
        ports { container_port: 80 host_port: 8080 host_ip: "127.0.0.1" }
        ports { container_port: 80 host_port: 8081 }
        ports { container_port: 443 } }
      containers { name: "b" ports { container_port: 53 host_port: 53 protocol: PROTOCOL_UDP } }
    }
    """,
    pod_pb2.Pod(),
)


def launch(container: pod_pb2.Container | None, pod: pod_pb2.Pod = POD, *mounts: Mount) -> Launch:
    return Launch(NAME, pod, container, "redis:7", "n1" if container else "", mounts)


def test_ports_are_published_only_when_they_have_a_host_port() -> None:
    assert port_bindings(POD) == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}, {"HostIp": "", "HostPort": "8081"}],
        "53/udp": [{"HostIp": "", "HostPort": "53"}],
    }


def test_the_network_container_has_what_the_pod_shares() -> None:
    body = create_body(launch(None), "n", "pause:1")
    assert (body["Image"], body["Hostname"]) == ("pause:1", "web")
    assert body["ExposedPorts"] == {"80/tcp": {}, "53/udp": {}}
    host = body["HostConfig"]
    assert (host["IpcMode"], host["OomScoreAdj"]) == ("shareable", -100)
    assert host["PortBindings"] == port_bindings(POD)
    assert host["RestartPolicy"] == {"Name": "no"}


def test_on_the_nodes_network_nothing_is_published() -> None:
    pod = pod_pb2.Pod()
    pod.CopyFrom(POD)
    pod.spec.host_network = True
    body = create_body(launch(None, pod), "n", "pause:1")
    assert body["HostConfig"]["NetworkMode"] == "host"
    assert "PortBindings" not in body["HostConfig"]
    assert "Hostname" not in body


def test_a_user_container_joins_and_has_none_of_it() -> None:
    body = create_body(launch(pod_pb2.Container(name="main")), "n", "pause:1")
    host = body["HostConfig"]
    assert (body["Image"], host["NetworkMode"], host["IpcMode"]) == ("redis:7", "container:n1", "container:n1")
    assert not {"Hostname", "ExposedPorts", "Entrypoint", "Cmd", "WorkingDir"} & body.keys()
    assert not {"PortBindings", "OomScoreAdj", "Dns", "ExtraHosts", "Memory", "CpuShares"} & host.keys()
    assert host["RestartPolicy"] == {"Name": "no"}


def test_what_the_spec_says_is_passed_on() -> None:
    container = text_format.Parse(
        """
        name: "main" command: "/bin/sh" args: "-c" args: "true" working_dir: "/srv"
        env { name: "A" value: "1=2" } env { name: "EMPTY" }
        resources { limits { key: "cpu" value: "1.5" } limits { key: "memory" value: "64Mi" } }
        security_context { privileged: true capabilities { add: "NET_ADMIN" drop: "CHOWN" } }
        """,
        pod_pb2.Container(),
    )
    body = create_body(launch(container, POD, Mount("/a", "/b"), Mount("/c", "/d", True)), "n", "")
    assert (body["Entrypoint"], body["Cmd"], body["WorkingDir"]) == (["/bin/sh"], ["-c", "true"], "/srv")
    assert body["Env"] == ["A=1=2", "EMPTY="]
    host = body["HostConfig"]
    assert (host["CpuShares"], host["Memory"]) == (1536, 64 * 1024 * 1024)
    assert (host["Privileged"], host["CapAdd"], host["CapDrop"]) == (True, ["NET_ADMIN"], ["CHOWN"])
    assert host["Mounts"] == [
        {"Type": "bind", "Source": "/a", "Target": "/b", "ReadOnly": False},
        {"Type": "bind", "Source": "/c", "Target": "/d", "ReadOnly": True},
    ]


def test_a_request_for_cpu_counts_before_its_limit() -> None:
    resources = pod_pb2.ResourceRequirements(limits={"cpu": "2"}, requests={"cpu": "1"})
    body = create_body(launch(pod_pb2.Container(resources=resources)), "n", "")
    assert body["HostConfig"]["CpuShares"] == 1024


def test_shares_have_a_floor() -> None:
    assert [cpu_shares(milli) for milli in (0, 1, 250, 1000)] == [0, 2, 256, 1024]


def test_host_names_are_cut_without_a_dangling_end() -> None:
    assert hostname("web") == "web"
    assert hostname("a" * 62 + "-b") == "a" * 62
    assert len(hostname("a" * 253)) == 63


def test_the_labels_lead_back_to_the_name() -> None:
    labels = create_body(launch(None), "node-1", "")["Labels"]
    assert ContainerName.from_labels(labels) == NAME
    assert labels[NODE_LABEL] == "node-1"
