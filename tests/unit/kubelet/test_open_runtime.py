from __future__ import annotations

from pathlib import Path

import pytest

from peapod.kubelet.runtime.open import open_runtime

NO_ENGINE = "tcp://127.0.0.1:9"


async def test_without_an_engine_auto_picks_the_sandbox_and_stays_with_it(tmp_path: Path) -> None:
    runtime = await open_runtime("auto", "n1", tmp_path, docker_host=NO_ENGINE)
    await runtime.close()
    assert (runtime.scheme, (tmp_path / "runtime").read_text()) == ("sandbox", "sandbox\n")


async def test_a_node_keeps_its_runtime_when_the_engine_is_away(tmp_path: Path) -> None:
    (tmp_path / "runtime").write_text("docker\n")
    runtime = await open_runtime("auto", "n1", tmp_path, docker_host=NO_ENGINE)
    await runtime.close()
    assert runtime.scheme == "docker"


@pytest.mark.parametrize("kind", ["docker", "sandbox", "hollow"])
async def test_what_is_asked_for_is_made_whether_it_can_be_reached_or_not(kind: str, tmp_path: Path) -> None:
    runtime = await open_runtime(kind, "n1", tmp_path, docker_host=NO_ENGINE)
    await runtime.close()
    assert runtime.scheme == kind
    assert not (tmp_path / "runtime").exists()
