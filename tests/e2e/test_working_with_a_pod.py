"""What a user does with a pod that runs on real Docker: look into it, reach it, label it, and ask why it is where it
is.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from peapod.v1 import pod_pb2
from tests.support import engine
from tests.support.cluster import PATIENCE, Cluster, running
from tests.support.pseudo_terminal import pseudo_terminal
from tests.support.up import interrupted_up

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

HOST_PORT, NOBODY = 8931, 9
SERVE = "mkdir /www; echo hello from the pod > /www/index.html; echo serving; exec httpd -f -p 8080 -h /www"
FOREVER = "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"
TWICE = "echo more >> /data/starts; echo start $(wc -l < /data/starts); [ $(wc -l < /data/starts) = 2 ] || exit 3"
"""Ends badly the first time, and goes on the second time."""


@pytest.fixture(scope="module")
def cluster(pod_images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Run a cluster with a pod `web` that serves on a host port and has a second container, which was restarted."""
    with interrupted_up(tmp_path_factory.mktemp("work"), f"{engine.SESSION}-work") as cluster:
        cluster.wait_for_nodes()
        create(cluster, make("web", server=SERVE, side=f"{TWICE}; {FOREVER}"))
        cluster.wait_for_pods(["web"], served_and_restarted)
        yield cluster
        cluster.peapod("delete", "pods", "--all")
        cluster.wait_until_gone("web")


def make(name: str, **scripts: str) -> dict[str, Any]:
    containers: list[dict[str, Any]] = [
        {
            "name": container,
            "image": "peapod-test/busybox:1",
            "imagePullPolicy": "PullNever",
            "command": ["/bin/sh", "-c", script],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        }
        for container, script in scripts.items()
    ]
    containers[0]["ports"] = [{"containerPort": 8080, "hostPort": HOST_PORT}]
    volumes = [{"name": "data", "source": {"emptyDir": {}}}]
    manifest = {"version": "v1beta1", "containers": containers, "volumes": volumes, "terminationGracePeriodSeconds": 1}
    return {"id": name, "kind": "Pod", "apiVersion": "v1beta1", "desiredState": {"manifest": manifest}}


def create(cluster: Cluster, pod: dict[str, Any]) -> None:
    assert cluster.peapod("create", "-f", "-", given=json.dumps(pod)) == f"{pod['id']}\n"


def served_and_restarted(pod: pod_pb2.Pod) -> bool:
    restarts = [one.restart_count for one in pod.status.container_statuses if one.state.HasField("running")]
    return running(pod) and restarts == [0, 1]


def command(cluster: Cluster, *words: str) -> list[str]:
    return [sys.executable, "-m", "peapod_cli", "--server", cluster.address, *words]


def peapod(cluster: Cluster, *words: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end, whatever that is."""
    return subprocess.run(command(cluster, *words), input=given, capture_output=True, timeout=PATIENCE, check=False)


@contextmanager
def going_on(cluster: Cluster, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Have a command run inside of the block, and interrupt it then if it still runs."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command(cluster, *words), bufsize=0, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)


def read_line(stream: Any) -> str:
    """Read a line, which has to come in some time."""
    line, end = b"", time.monotonic() + PATIENCE
    while not line.endswith(b"\n"):
        assert select.select([stream], [], [], max(0, end - time.monotonic()))[0], f"no more than {line!r} came"
        piece = os.read(stream.fileno(), 1)
        assert piece, f"the stream ended with {line!r}"
        line += piece
    return line.decode()


def test_exec_keeps_streams_apart_and_passes_the_exit_code_through(cluster: Cluster) -> None:
    done = peapod(cluster, "exec", "-p", "web", "-c", "side", "--", "sh", "-c", "echo out; echo wrong >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"out\n", b"wrong\n")
    done = peapod(cluster, "exec", "web", "--", "sh", "-c", "kill -9 $$")
    assert (done.returncode, done.stdout) == (137, b"")
    assert done.stderr.decode() == "in container server; -c names another: side\n"
    done = peapod(cluster, "exec", "web", "-c", "side", "--", "/no/such/program")
    assert done.returncode in (1, 126, 127)
    assert b"/no/such/program" in done.stdout + done.stderr


def test_exec_takes_what_is_piped_into_it(cluster: Cluster) -> None:
    given = os.urandom(1 << 20)
    done = peapod(cluster, "exec", "-i", "web", "-c", "side", "--", "cat", given=given)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == given


async def test_exec_lends_a_terminal(cluster: Cluster) -> None:
    script = """
    tty
    until [ "$(stty size)" = '33 91' ]; do sleep 0.1; done
    trap 'echo; echo interrupted; exit 42' INT
    read word
    echo got $word
    sleep 1000
    """
    async with pseudo_terminal(columns=91, rows=33) as terminal:
        before = terminal.modes
        process = await terminal.start(*command(cluster, "exec", "-it", "web", "-c", "side", "--", "sh", "-c", script))
        await terminal.until(b"/dev/pts/")
        assert terminal.modes != before
        terminal.type(b"it\r")
        await terminal.until(b"got it\r\n")
        terminal.type(b"\x03")
        await terminal.until(b"interrupted\r\n")
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 42
        assert terminal.modes == before


def test_an_interrupt_ends_the_command_in_the_container(cluster: Cluster) -> None:
    script = "echo $$ > /data/pid; echo ready; exec sleep 1000"
    with going_on(cluster, "exec", "web", "-c", "side", "--", "sh", "-c", script) as process:
        assert read_line(process.stdout) == "ready\n"
    assert process.returncode == -signal.SIGINT
    over = "while kill -0 $(cat /data/pid) 2> /dev/null; do sleep 0.1; done"
    assert peapod(cluster, "exec", "web", "-c", "side", "--", "sh", "-c", over).returncode == 0


def test_logs(cluster: Cluster) -> None:
    def words(*flags: str) -> list[str]:
        return cluster.peapod("log", "web", "side", "--no-timestamps", *flags).splitlines()

    assert words() == ["start 2"]
    assert words("--previous") == ["start 1"]
    assert words("--tail", "0") == []
    assert words("--since", "1h") == ["start 2"]
    assert words("--since-time", "2100-01-01T00:00:00Z") == []
    stamped = cluster.peapod("logs", "web", "-c", "side").split()
    assert stamped[1:] == ["start", "2"]
    assert words("--since-time", stamped[0]) == ["start 2"]
    with going_on(cluster, "log", "-f", "web", "side", "--tail", "1", "--no-timestamps") as followed:
        assert read_line(followed.stdout) == "start 2\n"
        cluster.peapod("exec", "web", "-c", "side", "--", "sh", "-c", "echo one more > /proc/1/fd/1")
        assert read_line(followed.stdout) == "one more\n"
    assert words("--tail", "1") == ["one more"]


def test_port_forward_reaches_a_server_in_the_pod(cluster: Cluster) -> None:
    with going_on(cluster, "port-forward", "-p", "web", ":8080", f":{NOBODY}") as process:
        lines = [read_line(process.stdout)]
        while f"-> {NOBODY}" not in lines[-1]:
            lines.append(read_line(process.stdout))
        first, last = lines[0].split(), lines[-1].split()
        assert first[:2] == ["Forwarding", "from"]
        for _ in range(3):
            with urllib.request.urlopen(f"http://{first[2]}/", timeout=PATIENCE) as answer:
                assert answer.read() == b"hello from the pod\n"
        host, _, port = last[2].rpartition(":")
        assert cluster.ask(host.strip("[]"), int(port)) == b""
        assert read_line(process.stderr).startswith(f"error: a connection to port {NOBODY}: ")
    assert process.returncode == -signal.SIGINT


def test_port_forward_ends_with_the_pod(cluster: Cluster) -> None:
    pod = make("brief", main=FOREVER)
    pod["desiredState"]["manifest"]["containers"][0]["ports"] = []
    create(cluster, pod)
    cluster.wait_for_pods(["brief"], running)
    with going_on(cluster, "port-forward", "brief", ":8080") as process:
        read_line(process.stdout)
        cluster.peapod("delete", "pod", "brief")
        assert process.wait(PATIENCE) == 1
        assert read_line(process.stderr) == 'error: Pod "brief" is gone\n'
    cluster.wait_until_gone("brief")


def test_describe_tells_how_the_pod_is_and_how_it_came_to_it(cluster: Cluster) -> None:
    told = cluster.peapod("describe", "pod", "web")
    [node] = cluster.nodes
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert any(line.startswith(f"Host: {node}/") for line in lines)
    assert any(line.startswith("IP: 1") for line in lines)
    side = next(line for line in lines if line.startswith("side peapod-test/busybox:1 Running since "))
    assert "True 1 Terminated with 3 (Error)" in side
    assert "data emptyDir" in lines
    assert f"server 8080 TCP {HOST_PORT}" in lines
    assert "Ready True" in lines
    for reason in ("scheduled", "started"):
        assert f" {reason} " in told
    taken = cluster.peapod("describe", "node", node)
    assert "Allocatable:" in taken
    assert ["default", "web", "Running", "0", "0"] in [line.split() for line in taken.splitlines()]


def test_explain_tells_why_a_pod_is_where_it_is(cluster: Cluster) -> None:
    [node] = cluster.nodes
    told = cluster.peapod("explain", "pod", "web")
    assert told.startswith(f"web: bound to {node}, which fits with score ")
    assert [f"{node} (here)".split(), ["yes"]] == [row_of(told, node)[:2], row_of(told, node)[2:3]]
    assert "Containers:" in told
    assert "Events:" in told


def test_explain_tells_why_a_pod_is_nowhere(cluster: Cluster) -> None:
    [node] = cluster.nodes
    create(cluster, make("second", main=FOREVER))
    big = make("big", main=FOREVER)
    [container] = big["desiredState"]["manifest"]["containers"]
    container |= {"ports": [], "memory": 1 << 50}
    create(cluster, big)
    second, too_big = (cluster.peapod("explain", f"pod/{name}") for name in ("second", "big"))
    assert row_of(second, node)[1] == "no"
    assert f"PodFitsPorts: host port {HOST_PORT} is taken by default/web" in second
    assert row_of(too_big, node)[1] == "no"
    assert "PodFitsResources: " in too_big
    assert "memory" in too_big
    document = json.loads(cluster.peapod("explain", "pod", "second", "-o", "json"))
    assert [verdict["nodeName"] for verdict in document["nodes"]] == [node]
    cluster.peapod("delete", "pods", "second", "big")


def row_of(told: str, node: str) -> list[str]:
    """Read the words of a node's row."""
    return next(line.split() for line in told.splitlines() if line.startswith(f"  {node}"))


def test_a_watch_sees_a_pod_enter_and_leave_its_selection(cluster: Cluster) -> None:
    with going_on(cluster, "get", "pods", "-w", "-l", "tier in (front, edge)") as watch:
        assert read_line(watch.stdout).startswith("POD ")
        assert cluster.peapod("label", "pod", "web", "tier=front").splitlines()[1].split()[4] == "tier=front"
        entered = read_line(watch.stdout).split()
        assert (entered[0], entered[4:]) == ("web", ["tier=front", "Running"])
        assert "--overwrite" in cluster.peapod("label", "pod", "web", "tier=back", fails=True)
        cluster.peapod("label", "--overwrite", "pod", "web", "tier=back")
        assert read_line(watch.stdout).split()[0] == "side"
        left = read_line(watch.stdout).split()
        assert (left[0], left[4:]) == ("web", ["tier=front", "Deleted"])
    cluster.peapod("label", "pod", "web", "tier-")
    assert cluster.peapod("get", "pods", "-l", "tier", "--no-headers") == ""
