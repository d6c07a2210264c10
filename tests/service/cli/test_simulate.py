"""`peapod simulate`: all pods run on nodes without containers, the report is whole, and nothing is left."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from peapod.v1 import node_service_pb2 as nodes
from peapod.v1 import pod_service_pb2 as pods
from tests.service.cli.conftest import start
from tests.service.scheduler.conftest import running_scheduler
from tests.support.apiserver import Api
from tests.support.ports import free_port

PATIENCE = 120
CONTROL_PLANE = ("apiserver", "scheduler", "controllers")


async def simulate(folder: Path, *words: str) -> asyncio.subprocess.Process:
    """Start it, with all that it and its processes keep below a folder, in a session of its own."""
    environment = os.environ | {"TMPDIR": str(folder)}
    return await start("", "simulate", *words, env=environment, start_new_session=True)


async def ended(process: asyncio.subprocess.Process) -> tuple[str, list[str]]:
    """Return what it printed, and what it said besides."""
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert b"Traceback" not in out + err
    return out.decode(), err.decode().splitlines()


async def said(process: asyncio.subprocess.Process, words: str) -> None:
    """Wait until it says something that begins so."""
    assert process.stderr
    async with asyncio.timeout(PATIENCE):
        while not (line := await process.stderr.readline()).startswith(words.encode()):
            assert line, f"it ended before it said {words!r}"


def left(session: int) -> list[psutil.Process]:
    """The processes that still belong to a session."""
    return [process for process in psutil.process_iter() if _session(process.pid) == session]


def nothing_left(session: int, folder: Path) -> bool:
    """Tell whether neither processes nor files are left."""
    return not left(session) and not list(folder.iterdir())


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def root_of_nodes(session: int) -> Path:
    """Where the simulated nodes have their directories."""
    lines = [process.cmdline() for process in left(session)]
    (line,) = (line for line in lines if "peapod.kubelet.simulated" in line)
    return Path(line[line.index("--root-dir") + 1])


async def test_two_hundred_pods_run_and_are_told_of(tmp_path: Path) -> None:
    process = await simulate(tmp_path, "--nodes", "20", "--pods", "200", "--containers", "2", "--output", "json")
    out, told = await ended(process)
    assert process.returncode == 0, told
    report = json.loads(out)
    assert (report["nodes"], report["pods"], report["containers"]) == (20, 200, 2)
    assert report["seconds"] > 0
    assert report["podsPerSecond"] > 0
    for name in ("createToBound", "boundToRunning"):
        assert 0 < report[name]["p50"] <= report[name]["p99"]
    assert set(report["memory"]) == {*CONTROL_PLANE, "nodes", "this command"}
    assert all(memory > 0 for memory in report["memory"].values())
    assert {"nodes ready: 20 of 20", "pods created: 200 of 200", "pods running: 200 of 200"} <= set(told)
    assert nothing_left(process.pid, tmp_path)


async def test_an_interrupt_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    process = await simulate(tmp_path, "--nodes", "2", "--pods", "200", "--rate", "1")
    await said(process, "nodes ready: 2 of 2")
    root = root_of_nodes(process.pid)
    assert root.exists()
    process.send_signal(signal.SIGINT)
    out, told = await ended(process)
    assert (process.returncode, out, told[-1]) == (130, "", "error: interrupted")
    assert nothing_left(process.pid, tmp_path)
    assert not root.exists()


async def test_a_process_that_dies_ends_it_with_one_error(tmp_path: Path) -> None:
    process = await simulate(tmp_path, "--nodes", "2", "--pods", "200", "--rate", "1")
    await said(process, "nodes ready: 2 of 2")
    (scheduler,) = (one for one in left(process.pid) if "peapod.scheduler" in one.cmdline())
    scheduler.kill()
    out, told = await ended(process)
    assert (process.returncode, out) == (1, "")
    assert told[-1] == "error: the scheduler ended with signal SIGKILL before the simulation was over"
    assert nothing_left(process.pid, tmp_path)


@pytest.mark.parametrize("how", ["to its end", "until interrupted"])
async def test_a_cluster_that_was_there_is_left_as_it_was(
    api: Api, tmp_path_factory: pytest.TempPathFactory, how: str
) -> None:
    folder = tmp_path_factory.mktemp("short")
    async with running_scheduler(api.address):
        pace = ["--rate", "5"] if how == "until interrupted" else []
        process = await simulate(folder, "--nodes", "3", "--pods", "30", "--apiserver", api.address, *pace)
        if pace:
            await said(process, "nodes ready: 3 of 3")
            process.send_signal(signal.SIGINT)
        out, told = await ended(process)
    assert process.returncode == (130 if pace else 0), told
    assert ("30 pods of 1 container run on 3 simulated nodes" in out) == (not pace)
    assert list((await api.pods.list_pods(pods.ListPodsRequest())).items) == []
    assert list((await api.nodes.list_nodes(nodes.ListNodesRequest())).items) == []
    assert nothing_left(process.pid, folder)


async def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    process = await simulate(tmp_path, "--nodes", "1", "--pods", "1", "--apiserver", address)
    assert await ended(process) == ("", [f"error: no apiserver has answered at {address} in 15 s"])
    assert process.returncode == 1
    assert nothing_left(process.pid, tmp_path)


async def test_more_pods_than_the_nodes_take_are_refused(tmp_path: Path) -> None:
    process = await simulate(tmp_path, "--nodes", "1", "--pods", "111")
    assert await ended(process) == ("", ["error: --pods 111 is more than --nodes 1 can take, which is 110 each"])
    assert process.returncode == 1
