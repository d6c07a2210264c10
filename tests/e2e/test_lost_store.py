"""The store's file is deleted under a cluster that is stopped, while its containers run on."""

from __future__ import annotations

from pathlib import Path

from tests.support.apiserver import connected
from tests.support.following import following
from tests.support.processes import Node, running_up
from tests.support.tally import Tally
from tests.support.worlds import World, all_run, create, gone


async def test_containers_run_on_until_they_are_given_up(tmp_path: Path, node_name: str) -> None:
    (tmp_path / "tally").mkdir()
    node, tally = Node(tmp_path, node_name, "sandbox"), Tally(tmp_path / "tally", "host")
    async with running_up(tmp_path, node) as up:
        world = World(up.address, [up], node, tally, tmp_path)
        async with connected(up.address) as api, following(api) as seen:
            await create(api, world.pod("old"))
            await seen.until(lambda: all_run(seen, ["old"]))
            home = node.root / "pods" / seen.pods["old"].metadata.uid
        before = tally.processes()
        await up.stop()
        (tmp_path / "peapod.db").unlink()

        assert await up.try_to_start() == ""
        error = world.logs().splitlines()[-1]
        assert error.startswith("error: the node is not ready: the apiserver's store is not the one")
        assert f"delete {node.root / 'revision'}" in error
        assert tally.processes() == before

        (node.root / "revision").unlink()
        await up.start()
        await gone([home])
        assert tally.processes() == {}
        async with connected(up.address) as api, following(api) as seen:
            await create(api, world.pod("new"))
            await seen.until(lambda: all_run(seen, ["new"]))
