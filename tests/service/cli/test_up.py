"""`peapod up`: separate processes, supervised, that end in order and leave nothing."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.service.cli.conftest import run
from tests.support.ports import free_port

PATIENCE = 60
NAMES = ["apiserver", "scheduler", "controllers", "kubelet", "proxy", "dns", "gateway"]


@dataclass
class Up:
    """A cluster that is ready."""

    process: asyncio.subprocess.Process
    ready: str
    apiserver: str
    state: Path

    def services(self) -> dict[str, psutil.Process]:
        """Find the services' processes by their names."""
        children = psutil.Process(self.process.pid).children()
        modules = [(child, word) for child in children for word in child.cmdline() if word.startswith("peapod.")]
        return {module.removeprefix("peapod."): child for child, module in modules}

    async def wait_for(self, *words: str) -> None:
        """Read what it and its services say, up to a line with all these words."""
        assert self.process.stderr
        while line := (await asyncio.wait_for(self.process.stderr.readline(), PATIENCE)).decode():
            if all(word in line for word in words):
                return
        raise AssertionError(f"it never said {words}")


def flags(state: Path, apiserver: str) -> list[str]:
    words = ["up", "--state-dir", str(state), "--runtime", "sandbox", "--node-name", "one"]
    words += ["--apiserver-address", apiserver, "--gateway-address", f"127.0.0.1:{free_port()}"]
    return [*words, "--cluster-dns-address", "127.0.0.1:0"]


@asynccontextmanager
async def up(state: Path, apiserver: str = "") -> AsyncIterator[Up]:
    """Run a cluster; whatever the block leaves of it is killed."""
    apiserver = apiserver or f"127.0.0.1:{free_port()}"
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    command = [sys.executable, "-m", "peapod_cli", *flags(state, apiserver)]
    process = await asyncio.create_subprocess_exec(*command, **pipes, limit=1 << 20)
    try:
        assert process.stdout
        ready = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
        yield Up(process, ready, apiserver, state)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def gone(process: psutil.Process) -> None:
    """Return once a process has ended; it need not be a child of this one."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([descriptor], [], [], PATIENCE)[0], f"{process} goes on"
    finally:
        os.close(descriptor)


async def test_a_cluster_says_in_one_line_that_it_is_ready_and_ends_well(tmp_path: Path) -> None:
    async with up(tmp_path) as cluster:
        assert cluster.ready.startswith(f"ready: apiserver at {cluster.apiserver}, gateway at http://127.0.0.1:")
        assert sorted(cluster.services()) == sorted(NAMES)
        outcome = await run(cluster.apiserver, "get", "minions", "--no-headers")
        assert outcome.out.split() == ["one", "<none>", "Ready"]
        services = cluster.services().values()
        cluster.process.send_signal(signal.SIGINT)
        out, _ = await asyncio.wait_for(cluster.process.communicate(), PATIENCE)
        assert (cluster.process.returncode, out) == (0, b"")
        assert not [service for service in services if service.is_running()]


async def test_a_service_that_dies_is_started_again(tmp_path: Path) -> None:
    async with up(tmp_path) as cluster:
        before = cluster.services()
        before["scheduler"].kill()
        await cluster.wait_for("the scheduler ended with signal SIGKILL; starting it again in 0.1 s")
        await cluster.wait_for("scheduler", "listening on")
        after = cluster.services()
        assert after["scheduler"].pid != before["scheduler"].pid
        assert after["apiserver"].pid == before["apiserver"].pid


async def test_services_end_with_the_one_that_watches_over_them(tmp_path: Path) -> None:
    async with up(tmp_path) as cluster:
        services = cluster.services()
        cluster.process.kill()
        for service in services.values():
            await asyncio.to_thread(gone, service)


async def test_another_goes_on_at_once_where_one_was_killed_with_its_services_in_the_middle_of_something(
    tmp_path: Path,
) -> None:
    async with up(tmp_path) as cluster:
        for service in cluster.services().values():
            service.suspend()
        cluster.process.kill()
        await cluster.process.wait()
        async with up(tmp_path, cluster.apiserver) as successor:
            assert successor.ready.startswith("ready")


async def test_what_was_stored_is_there_again(tmp_path: Path) -> None:
    document = '{"kind": "Namespace", "apiVersion": "v1beta1", "id": "kept"}'
    async with up(tmp_path) as cluster:
        assert (await run(cluster.apiserver, "create", "-f", "-", stdin=document)).status == 0
        cluster.process.terminate()
        await cluster.process.communicate()
        assert cluster.process.returncode == 0
    async with up(tmp_path) as cluster:
        assert (await run(cluster.apiserver, "get", "ns", "kept", "--no-headers")).out.split()[0] == "kept"


async def test_two_do_not_share_a_state_directory(tmp_path: Path) -> None:
    async with up(tmp_path):
        outcome = await run("", *flags(tmp_path, f"127.0.0.1:{free_port()}"))
        assert (outcome.status, outcome.out) == (1, "")
        assert outcome.errors == [f"error: {tmp_path} is in use by another `peapod up`"]


async def test_a_port_that_is_taken_ends_it_with_one_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        outcome = await run("", *flags(tmp_path, f"127.0.0.1:{listener.getsockname()[1]}"))
    assert (outcome.status, outcome.out) == (1, "")
    errors = [line for line in outcome.errors if line.startswith("error: ")]
    assert errors == ["error: the apiserver ended with status 1 before the cluster was ready"]
    assert "address already in use" in outcome.err


async def test_a_state_directory_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = await run("", *flags(tmp_path / "file" / "state", f"127.0.0.1:{free_port()}"))
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.errors == [f"error: {tmp_path}/file/state/run: not a directory"]


@pytest.mark.parametrize(
    ("folder", "address", "why"),
    [
        ("state", "127.0.0.1:0", "--apiserver-address needs a port"),
        ("state", "nowhere", "'nowhere' is not of the form host:port"),
        ("long-" * 25, "127.0.0.1:7070", "the path of the state directory is too long for sockets inside"),
    ],
)
async def test_what_cannot_work_is_refused_before_anything_starts(
    tmp_path: Path, folder: str, address: str, why: str
) -> None:
    outcome = await run("", *flags(tmp_path / folder, address))
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert why in outcome.err
    assert not (tmp_path / folder).exists()
