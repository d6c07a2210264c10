"""The Docker engine is restarted under twenty pods: all of them come back, and none of them twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from peapod.kubelet.naming import NETWORK
from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.kubelet.runtime.runtime import Phase
from peapod.v1 import meta_pb2
from tests.support import images, own_engine
from tests.support.apiserver import running_apiserver
from tests.support.following import Following, following
from tests.support.kubelet import create, running_kubelet
from tests.support.needs import lacking
from tests.support.own_engine import OwnEngine
from tests.support.tally import Tally
from tests.support.worlds import all_run

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

NAMES = [f"pod-{number}" for number in range(20)]
PATIENCE = 180.0
"""Seconds within which an engine starts forty containers, on a busy machine."""


@pytest.fixture
async def engine() -> AsyncGenerator[OwnEngine]:
    if reason := own_engine.why_missing():
        lacking(reason)
    async with own_engine.own_engine() as engine:
        images.ensure("peapod-test/busybox:1", engine.address)
        yield engine


def is_ready(seen: Following, node: str) -> bool:
    return node in seen.nodes and seen.nodes[node].status.conditions[0].status == meta_pb2.CONDITION_STATUS_TRUE


def restarts(seen: Following) -> dict[str, int]:
    return {name: seen.pods[name].status.container_statuses[0].restart_count for name in NAMES}


def came_back(seen: Following) -> bool:
    return all_run(seen, NAMES) and all(count > 0 for count in restarts(seen).values())


@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_all_pods_come_back_once(engine: OwnEngine, how: str, tmp_path: Path, node_name: str) -> None:
    for name in ("tally", "kubelet"):
        (tmp_path / name).mkdir()
    tally = Tally(tmp_path / "tally", "peapod-test/busybox:1")
    runtime = DockerRuntime(node_name, engine=engine.address)
    async with (
        running_apiserver(tmp_path / "peapod.db") as api,
        following(api) as seen,
        running_kubelet(api, runtime, tmp_path / "kubelet", node_name=node_name),
    ):
        for name in NAMES:
            await create(api, tally.pod(name, ["main"]), node_name)
        await seen.until(lambda: all_run(seen, NAMES), PATIENCE)
        before = tally.processes()
        await (engine.kill() if how == "killed" else engine.stop())
        await seen.until(lambda: not is_ready(seen, node_name), PATIENCE)
        await engine.start()
        await seen.until(lambda: is_ready(seen, node_name) and came_back(seen), PATIENCE)
        after = tally.processes()
        assert after.keys() == {f"{name}/main" for name in NAMES}
        assert not set(after.values()) & set(before.values())
        assert tally.starts() == {f"{name}/main": count + 1 for name, count in restarts(seen).items()}
        running = Counter(
            (one.name.pod, one.name.container) for one in await runtime.list() if one.phase is Phase.RUNNING
        )
        assert running == {(name, container): 1 for name in NAMES for container in ("main", NETWORK)}
