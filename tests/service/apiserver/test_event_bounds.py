"""Each source of events has its limit."""

from __future__ import annotations

import grpc

from peapod.apiserver.event_limits import BURST
from peapod.common import errors, kinds
from peapod.v1.event_pb2 import Event
from tests.support.apiserver import Api
from tests.support.events import event, messages, record
from tests.support.kinds import Objects
from tests.support.refusals import refusal


async def test_a_source_beyond_its_limit_is_told_so_item_by_item(api: Api) -> None:
    results = await record(api, *map(event, range(BURST)))
    assert {result.code for result in results} == {0}
    results = await record(api, *(event(number) for number in range(BURST, 2 * BURST)))
    refused = [error for result in results if (error := errors.from_item(result))]
    assert len(refused) > BURST // 2
    assert {type(error) for error in refused} == {errors.TooMany}
    assert "kubelet n1 tells too many events in namespace default" in refused[0].message
    assert len(await messages(api)) == 2 * BURST - len(refused)
    single = event(1)
    single.metadata.name, single.metadata.namespace = "one", "default"
    while not isinstance(await outcome(api, single), errors.TooMany):
        single.metadata.name += "x"
    assert [result.code for result in await record(api, event(1, host="n2"))] == [0]


async def outcome(api: Api, told: Event) -> errors.PeapodError | None:
    """Create an event as any object; return what is said against it."""
    events = Objects(kinds.EVENT, api.channel)
    try:
        await events.create(told)
    except grpc.RpcError as problem:
        return errors.from_rpc(problem)
    return None


async def test_what_is_only_checked_takes_nothing_of_the_limit(api: Api) -> None:
    events = Objects(kinds.EVENT, api.channel)
    told = event(0)
    told.metadata.name = "a"
    for _ in range(BURST + 100):
        await events.create(told, validate_only=True)
    await events.create(told)
    assert isinstance(await refusal(events.create(told)), errors.AlreadyExists)
