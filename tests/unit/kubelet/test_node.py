from __future__ import annotations

import pytest

from peapod.common.errors import Unavailable
from peapod.kubelet.config import KubeletConfig
from peapod.kubelet.node.machine import Machine
from peapod.kubelet.node.report import READY, Identity, allocatable, capacity, report

MACHINE = Machine(2, 4 << 30, "", "", "", "", "")


def shares(**flags: str) -> tuple[dict[str, str], dict[str, str]]:
    config = KubeletConfig(**flags)  # type: ignore[arg-type]
    has = capacity(config, MACHINE)
    return has, allocatable(config, has)


def test_without_a_reserve_pods_may_take_all() -> None:
    assert shares() == ({"cpu": "2", "memory": "4294967296", "pods": "110"},) * 2


def test_what_is_reserved_is_not_for_pods() -> None:
    has, left = shares(reserve_cpu="500m", reserve_memory="1Gi", memory="4Gi")
    assert has == {"cpu": "2", "memory": "4Gi", "pods": "110"}
    assert left == {"cpu": "1500m", "memory": "3221225472", "pods": "110"}


def test_all_may_be_reserved() -> None:
    assert shares(reserve_cpu="2")[1]["cpu"] == "0"


def test_more_than_there_is_cannot_be_reserved() -> None:
    with pytest.raises(Unavailable, match="--reserve-cpu 2500m is more than this node has, which is 2"):
        shares(reserve_cpu="2500m")


def test_the_report_tells_both() -> None:
    has, left = shares(reserve_cpu="500m")
    node = report(Identity("n1", {}, has, left, "127.0.0.1", "127.0.0.1:1", MACHINE), "hollow://1", READY)
    assert (node.status.capacity["cpu"], node.status.allocatable["cpu"]) == ("2", "1500m")
