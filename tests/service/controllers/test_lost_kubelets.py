"""Kubelets that are killed or held, with real containers: what their node lost is gone for good when they return."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from peapod.apiserver.resources import node_report
from peapod.controllers.nodes.conditions import is_ready
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import create
from tests.support.own_controllers import GRACE, running_controllers
from tests.support.processes import Node, kubelet_process
from tests.support.service_process import ServiceProcess, running
from tests.support.tally import Tally
from tests.support.worlds import all_run, gone

TIMEOUT = 1.0

pytestmark = pytest.mark.timeout(120)


@dataclass(frozen=True)
class Site:
    """A node that is the victim, and one that is well, as processes with sandboxes."""

    victim: Node
    well: Node
    kubelet: ServiceProcess
    tally: Tally
    api: OwnApi
    seen: Following

    async def run(self, name: str, node: Node) -> Path:
        """Run a pod on a node, and say where the node keeps what belongs to it."""
        await create(self.api, self.tally.pod(name, ["main"]), node.name)
        await self.seen.until(lambda: all_run(self.seen, [name]))
        return node.root / "pods" / self.seen.pods[name].metadata.uid

    async def until_evicted(self, name: str) -> None:
        await self.seen.until(lambda: name not in self.seen.pods)

    async def until_ready(self) -> None:
        await self.seen.until(lambda: is_ready(self.seen.nodes[self.victim.name]))


@pytest.fixture
async def site(
    api: OwnApi, seen: Following, tmp_path: Path, node_name: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Site]:
    monkeypatch.setattr(node_report, "STORE_SECONDS", 0)
    monkeypatch.setenv("PEAPOD_KUBELET_HEARTBEAT_SECONDS", str(GRACE / 8))
    (tmp_path / "tally").mkdir()
    async with AsyncExitStack() as stack:
        kubelets, nodes = [], []
        for name in ("victim", "well"):
            (tmp_path / name).mkdir()
            node = Node(tmp_path / name, f"{node_name}-{name}", "sandbox")
            kubelet = kubelet_process(node, tmp_path / name, api.address)
            stack.push_async_callback(node.clear)
            stack.push_async_callback(kubelet.stop)
            await kubelet.start()
            await seen.until(lambda node=node: node.name in seen.nodes and is_ready(seen.nodes[node.name]))  # type: ignore[misc]
            kubelets.append(kubelet)
            nodes.append(node)
        yield Site(*nodes, kubelets[0], Tally(tmp_path / "tally", "host"), api, seen)


async def test_a_killed_kubelet_returns_and_removes_what_was_replaced(site: Site) -> None:
    async with running_controllers(site.api.address, pod_eviction_timeout=TIMEOUT):
        home = await site.run("web", site.victim)
        await site.kubelet.kill()
        await site.until_evicted("web")
        assert site.tally.processes().keys() == {"web/main"}, "it runs on, where nobody can be told"
        await site.run("web", site.well)
        await site.kubelet.start()
        await gone([home])
        await site.until_ready()
    assert await site.victim.containers() == []
    assert site.tally.processes().keys() == {"web/main"}
    assert site.tally.starts() == {"web/main": 2}
    assert site.seen.bound == {"web": site.well.name}


async def test_a_kubelet_that_was_held_wakes_and_removes_what_was_replaced(site: Site) -> None:
    async with running_controllers(site.api.address, pod_eviction_timeout=TIMEOUT):
        home = await site.run("web", site.victim)
        site.kubelet.pause()
        await site.until_evicted("web")
        await site.run("web", site.well)
        site.kubelet.resume()
        await gone([home])
        await site.until_ready()
    assert await site.victim.containers() == []
    assert site.tally.starts() == {"web/main": 2}
    assert site.seen.bound == {"web": site.well.name}


async def test_a_kubelet_that_returns_in_time_keeps_its_pods(site: Site) -> None:
    async with running_controllers(site.api.address, pod_eviction_timeout=10):
        await site.run("web", site.victim)
        before = site.tally.processes()
        await site.kubelet.kill()
        await site.seen.until(lambda: not is_ready(site.seen.nodes[site.victim.name]))
        await site.kubelet.start()
        await site.until_ready()
        await site.seen.until(lambda: all_run(site.seen, ["web"]))
    assert site.tally.processes() == before
    assert site.tally.starts() == {"web/main": 1}


async def test_controllers_that_were_held_believe_nothing_of_before(site: Site, tmp_path: Path) -> None:
    flags = [f"--node-grace-seconds={GRACE}", f"--pod-eviction-timeout={TIMEOUT}", f"--apiserver={site.api.address}"]
    async with running("peapod.controllers", flags, tmp_path / "controllers.log") as controllers:
        await site.run("web", site.victim)
        site.kubelet.pause()
        await site.seen.until(lambda: not is_ready(site.seen.nodes[site.victim.name]))
        controllers.pause()
        await asyncio.sleep(2 * TIMEOUT)
        woken = time.monotonic()
        controllers.resume()
        await site.until_evicted("web")
        assert time.monotonic() - woken > TIMEOUT
        site.kubelet.resume()
    log = (tmp_path / "controllers.log").read_text()
    assert "eviction: could not see for a while, every node is waited for anew" in log
    assert "Traceback" not in log
