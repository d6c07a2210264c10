"""`peapod up`: the separate processes on this machine, supervised by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import main_job
from tests.support.etcd import running_etcd
from tests.support.up import interrupted_up

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("pod_images"), pytest.mark.timeout(180)]


def test_the_main_job_on_the_embedded_store(tmp_path: Path, node_name: str) -> None:
    with interrupted_up(tmp_path, node_name) as cluster:
        main_job.run(cluster)


@pytest.mark.etcd
def test_the_main_job_on_etcd(tmp_path: Path, node_name: str) -> None:
    with running_etcd() as etcd, interrupted_up(tmp_path, node_name, "--store", etcd.url) as cluster:
        main_job.run(cluster)
