"""The services that follow the apiserver, as processes of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from peapod.common import health
from peapod.common.channel import open_channel
from peapod.v1 import node_service_pb2 as nodes
from peapod.v1 import pod_service_pb2 as pods
from peapod.v1.version_service_pb2 import GetVersionRequest
from peapod.v1.version_service_rpc import VersionServiceClient
from tests.support.apiserver import running_apiserver
from tests.support.following import following
from tests.support.objects import make_node, make_pod
from tests.support.ports import free_port

FOLLOWERS = ("scheduler", "controllers", "proxy")
ON_THIS_MACHINE = {"proxy": ("--mode", "userspace")}
"""Its rules are not a test's to write."""


@asynccontextmanager
async def running(service: str, *flags: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"peapod.{service}",
        *ON_THIS_MACHINE.get(service, ()),
        *flags,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("service", FOLLOWERS)
async def test_it_tells_how_it_is_without_an_apiserver_and_stops_on_a_signal(service: str, tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/{service}.sock"
    nobody = f"127.0.0.1:{free_port()}"
    async with running(service, "--address", address, "--apiserver", nobody) as process:
        assert await asyncio.to_thread(health.problem, address, wait_seconds=20) == ""
        async with open_channel(address) as channel:
            version = await VersionServiceClient(channel).get_version(GetVersionRequest())
        assert version.service == service
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in errors


@pytest.mark.parametrize("service", FOLLOWERS)
@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--address", "0.0.0.0:0"], "--allow-insecure"),
        (["--no-such-flag"], "--no-such-flag"),
        (["--apiserver", "no address"], "no address"),
    ],
)
async def test_what_cannot_work_is_said_in_one_line(service: str, flags: list[str], said: str) -> None:
    async with running(service, *flags) as process:
        _, errors = await process.communicate()
    assert process.returncode in (1, 2)
    assert said in errors.decode()
    assert len(errors.decode().splitlines()) == 1, errors.decode()


@pytest.mark.parametrize(
    ("service", "flag"),
    [
        ("scheduler", "--batch=0"),
        ("scheduler", "--batch=1001"),
        ("controllers", "--node-grace-seconds=0"),
        ("proxy", "--sync-seconds=0"),
        ("proxy", "--portal-net=0.0.0.0/0"),
    ],
)
async def test_settings_that_make_no_sense_are_refused(service: str, flag: str) -> None:
    async with running(service, flag) as process:
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert flag.partition("=")[0] in errors.decode()


async def test_a_scheduler_that_is_killed_again_and_again_loses_no_pod(tmp_path: Path) -> None:
    async with running_apiserver(tmp_path / "peapod.db") as api, following(api) as seen:
        for number in range(3):
            node = make_node(f"n{number}", pods="1000")
            await api.nodes.heartbeat_node(nodes.HeartbeatNodeRequest(node=node))
        moved: list[str] = []
        seen.informers[0].on_change(
            lambda _kind, old, new: (
                moved.append(new.metadata.name)
                if old and new and old.spec.node_name and old.spec.node_name != new.spec.node_name
                else None
            )
        )
        for number in range(400):
            await api.pods.create_pod(pods.CreatePodRequest(pod=make_pod(f"p{number}")))
        for goal in (1, 150, 400):
            async with running("scheduler", "--apiserver", api.address, "--batch", "10") as process:
                await seen.until(lambda goal=goal: len(seen.bound) >= goal)
                os.kill(process.pid, signal.SIGKILL)
        assert len(seen.bound) == 400
        assert moved == []
