"""A store that loses its data under clients who know what was in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from peapod.v1 import pod_service_pb2 as pods
from tests.support.apiserver import Api, running_apiserver
from tests.support.etcd import running_etcd
from tests.support.following import Following, following
from tests.support.histories import create_surely
from tests.support.objects import make_pod
from tests.support.ports import free_port


async def fill(api: Api, name: str, beyond: int = 0) -> int:
    """Create pods until the store's revision is beyond another, and return it."""
    count = revision = 0
    while count < 5 or revision <= beyond:
        await create_surely(api.pods, make_pod(f"{name}-{count}"))
        revision = (await api.pods.list_pods(pods.ListPodsRequest())).revision
        count += 1
    return revision


async def check_seen(api: Api, seen: Following) -> None:
    """Hold what a follower has against what there is, once it has seen the newest."""
    await create_surely(api.pods, make_pod("newest"))
    await seen.until(lambda: "newest" in seen.pods)
    listing = await api.pods.list_pods(pods.ListPodsRequest())
    assert seen.pods == {pod.metadata.name: pod for pod in listing.items}


async def test_followers_of_a_file_that_began_anew_have_only_what_is_in_the_new_one(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    async with running_apiserver(tmp_path / "first.db", address=address) as api, following(api) as seen:
        reached = await fill(api, "old")
        await seen.until(lambda: len(seen.pods) == 5)
        await api.apiserver.stop()
        async with running_apiserver(tmp_path / "second.db") as unseen:
            await fill(unseen, "new", beyond=reached)
        async with running_apiserver(tmp_path / "second.db", address=address) as api:
            await check_seen(api, seen)


@pytest.mark.etcd
async def test_followers_of_an_etcd_that_began_anew_have_only_what_is_in_the_new_one() -> None:
    with running_etcd() as etcd:
        async with running_apiserver(etcd.url) as api, following(api) as seen:
            reached = await fill(api, "old")
            await seen.until(lambda: len(seen.pods) == 5)
            etcd.kill()
            shutil.rmtree(etcd.members[0].directory / etcd.members[0].name)
            etcd.restart()
            async with running_apiserver(etcd.url) as other:
                await fill(other, "new", beyond=reached)
            await check_seen(api, seen)
