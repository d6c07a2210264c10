"""A leader that was replaced can do no harm, however late it wakes up."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE

import grpc
import grpc.aio
import pytest

from peapod.common import errors, kinds
from peapod.common.fence import KEY, fenced
from peapod.v1.lease_pb2 import Lease
from peapod.v1.lease_service_pb2 import CreateLeaseRequest, DeleteLeaseRequest, GetLeaseRequest, UpdateLeaseRequest
from peapod.v1.lease_service_rpc import LeaseServiceClient
from peapod.v1.pod_service_pb2 import Binding, BindPodsRequest, ListPodsRequest
from peapod.v1.pod_service_rpc import PodServiceClient
from tests.support.apiserver import Api
from tests.support.kinds import Objects
from tests.support.objects import make_pod
from tests.support.refusals import refusal

HOLDER = "tests.service.apiserver.holder"


async def take(api: Api, holder: str = "two") -> Lease:
    """Take the lease, which somebody else may have."""
    leases = LeaseServiceClient(api.channel)
    wanted = Lease(metadata={"name": "controllers"}, spec={"holder_identity": holder, "lease_duration_seconds": 1})
    try:
        wanted = (await leases.get_lease(GetLeaseRequest(name="controllers"))).lease
    except grpc.RpcError:
        return (await leases.create_lease(CreateLeaseRequest(lease=wanted))).lease
    wanted.spec.holder_identity = holder
    wanted.spec.transitions += 1
    return (await leases.update_lease(UpdateLeaseRequest(lease=wanted))).lease


def under(api: Api, lease: Lease) -> grpc.aio.Channel:
    token = f"{lease.metadata.name}/{lease.spec.transitions}"
    return fenced(api.channel, lambda: token)


def is_fenced(error: errors.PeapodError | None) -> bool:
    return isinstance(error, errors.Conflict) and error.reason == "FENCED"


async def test_a_holder_that_was_paused_wakes_up_and_is_refused(apis: list[Api]) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-m", HOLDER, apis[0].address, "controllers", stdin=PIPE, stdout=PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert await holder.stdout.readline() == b"held\n"
        holder.stdin.write(b"a\n")
        assert await holder.stdout.readline() == b"created\n"
        holder.send_signal(signal.SIGSTOP)
        await take(apis[-1])
        holder.stdin.write(b"b\n")
        holder.send_signal(signal.SIGCONT)
        assert await holder.stdout.readline() == b"FENCED\n"
        holder.stdin.close()
        assert await holder.wait() == 0
    finally:
        if holder.returncode is None:
            holder.kill()
            await holder.wait()
    assert await Objects(kinds.POD, apis[0].channel).names() == ["a"]


async def test_no_write_of_the_old_holder_is_later_than_the_new_ones_lease(apis: list[Api]) -> None:
    for term in range(5):
        old = await take(apis[0], f"holder-{term}")
        begun = asyncio.Event()

        async def write(number: int, old: Lease = old, term: int = term, begun: asyncio.Event = begun) -> int:
            """Create pods until that is refused; return the latest one's revision."""
            pods = Objects(kinds.POD, under(apis[number % len(apis)], old))
            latest = count = 0
            while True:
                try:
                    created = await pods.create(make_pod(f"p-{term}-{number}-{count}"))
                except grpc.RpcError as problem:
                    if not is_fenced(errors.from_rpc(problem)):
                        raise
                    return latest
                latest, count = created.metadata.resource_version, count + 1
                begun.set()

        writers = [asyncio.create_task(write(number)) for number in range(8)]
        await begun.wait()
        new = await take(apis[-1])
        assert 0 < max(await asyncio.gather(*writers)) < new.metadata.resource_version
        await Objects(kinds.POD, under(apis[0], new)).create(make_pod(f"new-{term}"))


async def test_each_of_a_batch_is_refused(apis: list[Api]) -> None:
    await Objects(kinds.POD, apis[0].channel).create(make_pod("web"))
    old = await take(apis[0])
    await take(apis[-1], "three")
    bind = BindPodsRequest(bindings=[Binding(name="web", node_name="n")])
    for api in apis:
        (result,) = (await PodServiceClient(under(api, old)).bind_pods(bind)).results
        assert is_fenced(errors.from_item(result))
    assert (await Objects(kinds.POD, apis[0].channel).get("web")).spec.node_name == ""


async def test_reading_is_not_refused_nor_is_renewing(api: Api) -> None:
    held = await take(api)
    leases = LeaseServiceClient(under(api, held))
    held.spec.renew_time.GetCurrentTime()
    renewed = (await leases.update_lease(UpdateLeaseRequest(lease=held))).lease
    await Objects(kinds.POD, under(api, held)).create(make_pod("a"))
    await take(api, "three")
    pods = PodServiceClient(under(api, held))
    assert len((await pods.list_pods(ListPodsRequest())).items) == 1
    assert isinstance(await refusal(leases.update_lease(UpdateLeaseRequest(lease=renewed))), errors.Conflict)


async def test_the_lease_itself_can_be_taken_again_under_its_old_fence(api: Api) -> None:
    held = await take(api)
    held.spec.transitions += 1
    again = (await LeaseServiceClient(under(api, held)).update_lease(UpdateLeaseRequest(lease=held))).lease
    await Objects(kinds.POD, under(api, again)).create(make_pod("a"))


async def test_a_lease_that_is_made_again_counts_on(api: Api) -> None:
    first = await take(api)
    await LeaseServiceClient(api.channel).delete_lease(DeleteLeaseRequest(name="controllers"))
    second = await take(api)
    assert second.spec.transitions == first.spec.transitions + 1
    assert is_fenced(await refusal(Objects(kinds.POD, under(api, first)).create(make_pod("a"))))
    await Objects(kinds.POD, under(api, second)).create(make_pod("a"))


async def test_a_fence_of_no_lease_is_refused(api: Api) -> None:
    channel = fenced(api.channel, lambda: "nobody/1")
    assert is_fenced(await refusal(Objects(kinds.POD, channel).create(make_pod("a"))))


@pytest.mark.parametrize("text", ["", "scheduler", "scheduler/", "/1", "scheduler/-1", "scheduler/x", "Bad_Name/1"])
async def test_a_fence_that_cannot_be_read_is_named(api: Api, text: str) -> None:
    create = api.channel.unary_unary("/peapod.v1.PodService/DeletePod", request_serializer=bytes)
    error = await refusal(create(b"", metadata=((KEY, text),)))
    assert [violation.field for violation in error.violations] == [KEY]
