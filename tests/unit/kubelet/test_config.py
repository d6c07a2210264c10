from __future__ import annotations

import socket

import pytest

from peapod.common import config
from peapod.kubelet.config import KubeletConfig
from peapod.kubelet.node.machine import address_of


def test_a_node_is_named_after_its_host() -> None:
    assert KubeletConfig().node_name == socket.gethostname().lower()


def test_labels_are_read() -> None:
    settings = config.load(KubeletConfig, ["--labels", "disk=ssd,zone=a", "--node-name=n1"], "peapod kubelet")
    assert settings.node_labels() == {"disk": "ssd", "zone": "a"}


@pytest.mark.parametrize(
    "flags",
    [
        ["--node-name", "Not_A_Name"],
        ["--labels", "disk"],
        ["--labels", "UPPER=x"],
        ["--cpu", "many"],
        ["--memory", "1Q"],
        ["--address", "nowhere"],
        ["--advertise-address", "host:port"],
        ["--heartbeat-seconds", "0"],
        ["--runtime", "rkt"],
        ["--disks", "local:disks"],
        ["--manifest-url", "file:///etc/passwd"],
        ["--manifest-seconds", "0"],
        ["--host-network-sources", "etcd"],
        ["--cluster-dns", "dns.example"],
        ["--cluster-domain", "Cluster.Local"],
        ["--reserve-cpu", "-1"],
        ["--reserve-memory", "some"],
        ["--image-gc-low-percent", "95"],
        ["--image-gc-high-percent", "101"],
        ["--image-gc-seconds", "0"],
        ["--container-gc-seconds", "0"],
        ["--container-gc-age-seconds", "-1"],
        ["--dead-containers", "-1"],
    ],
)
def test_what_cannot_work_is_refused_in_one_line(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        config.load(KubeletConfig, flags, "peapod kubelet")
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert flags[0] in error


def test_the_address_of_the_node_is_the_one_that_others_use() -> None:
    assert address_of("127.0.0.1:10250") == "127.0.0.1"
    assert address_of("localhost:10250") == "127.0.0.1"
    assert address_of("0.0.0.0:10250") not in ("0.0.0.0", "")
