"""Where the store is, for those who keep copies of it."""

from __future__ import annotations

import pytest

from peapod.common.kinds import POD, SERVICE, STORED
from peapod.v1.store_service_pb2 import GetStoreRevisionRequest, GetStoreRevisionResponse
from tests.support.apiserver import Api, running_apiserver
from tests.support.etcd import running_etcd
from tests.support.kinds import Objects, make


async def position(api: Api) -> GetStoreRevisionResponse:
    return await api.store.get_store_revision(GetStoreRevisionRequest())


async def test_it_is_told_after_every_change(api: Api) -> None:
    empty = await position(api)
    assert set(empty.latest_changes) == {kind.plural for kind in STORED}
    assert empty.store_id
    services, pods = Objects(SERVICE, api.channel), Objects(POD, api.channel)
    for change in (services.create(make(SERVICE)), services.delete("a")):
        version = (await change).metadata.resource_version
        now = await position(api)
        assert now.revision == now.latest_changes["services"] == version
        assert now.latest_changes["pods"] < version
        assert now.store_id == empty.store_id
    pod = await pods.create(make(POD))
    now = await position(api)
    assert now.latest_changes["pods"] == pod.metadata.resource_version
    assert now.latest_changes["services"] < pod.metadata.resource_version


async def test_a_copy_of_a_list_is_up_to_date(api: Api) -> None:
    await Objects(SERVICE, api.channel).create(make(SERVICE))
    listed = await Objects(SERVICE, api.channel).call("List")
    now = await position(api)
    assert now.latest_changes["services"] <= listed.revision == now.revision
    assert listed.store_id == now.store_id


@pytest.mark.etcd
async def test_what_another_server_has_changed_is_in() -> None:
    with running_etcd() as etcd:
        async with running_apiserver(etcd.url) as api, running_apiserver(etcd.url) as other:
            pod = await Objects(POD, other.channel).create(make(POD))
            now = await position(api)
            assert now.revision >= now.latest_changes["pods"] >= pod.metadata.resource_version


async def test_a_restarted_server_forgets_no_change(store: str) -> None:
    async with running_apiserver(store) as api:
        pod = await Objects(POD, api.channel).create(make(POD))
        await Objects(POD, api.channel).delete("a")
        before = await position(api)
    async with running_apiserver(store) as api:
        after = await position(api)
    assert before.latest_changes["pods"] > pod.metadata.resource_version
    assert after.store_id == before.store_id
    for plural, revision in after.latest_changes.items():
        assert before.latest_changes[plural] <= revision <= after.revision
