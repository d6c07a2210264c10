"""A container's life: started, seen, ended, stopped, removed; also across two runtimes and two nodes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from peapod.kubelet.naming import NETWORK
from peapod.kubelet.runtime.runtime import LaunchError, Observed, Phase, Runtime
from tests.conformance.runtimes.conftest import OpenRuntime
from tests.support.runtimes import Rig, TestPod, find, until, until_exited, until_ready

FOREVER = "trap 'exit 3' TERM; echo ready; while :; do sleep 1000 & wait; done"


def users(listed: Sequence[Observed]) -> list[Observed]:
    return [one for one in listed if one.name.container != NETWORK]


async def test_a_new_node_has_no_containers(runtime: Runtime) -> None:
    assert await runtime.list() == []


async def test_a_started_container_is_listed_as_running(runtime: Runtime, pod: TestPod) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    id = await pod.start(FOREVER, attempt=4)
    seen = await find(runtime, id)
    assert seen is not None
    assert (seen.phase, seen.image, seen.finished_at) == (Phase.RUNNING, pod.image, None)
    assert seen.name == pod.launch(FOREVER, attempt=4).name
    assert seen.image_id != ""
    assert seen.started_at is not None
    assert before <= seen.created_at <= seen.started_at <= datetime.now(UTC) + timedelta(seconds=2)


async def test_the_network_container_has_the_pods_address(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start(FOREVER)
    bearer = await find(runtime, pod.network or id)
    assert bearer is not None
    assert bearer.ip.count(".") == 3


async def test_containers_are_listed_oldest_first(runtime: Runtime, pod: TestPod) -> None:
    started = [await pod.start(FOREVER, container=name) for name in ("c", "a", "b")]
    assert [one.id for one in users(await runtime.list())] == started
    assert [one.created_at for one in await runtime.list()] == sorted(one.created_at for one in await runtime.list())


async def test_the_containers_of_one_pod_can_be_listed_alone(runtime: Runtime, rig: Rig, pod: TestPod) -> None:
    other = TestPod(runtime, rig.image, name="other")
    ids = [await pod.start(FOREVER), await pod.start(FOREVER, container="second")]
    theirs = await other.start(FOREVER)
    assert [one.id for one in users(await runtime.list(pod.uid))] == ids
    assert [one.id for one in users(await runtime.list(other.uid))] == [theirs]
    assert await runtime.list("nobody") == []
    await runtime.remove(theirs)
    assert users(await runtime.list(other.uid)) == []
    assert {one.id for one in users(await runtime.list())} == set(ids)


async def test_starting_twice_makes_one_container(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start(FOREVER)
    assert await pod.start(FOREVER) == id
    assert len(users(await runtime.list())) == 1


async def test_starting_at_the_same_time_makes_one_container(runtime: Runtime, pod: TestPod) -> None:
    await pod.start_network()
    ids = await asyncio.gather(*(pod.start(FOREVER) for _ in range(4)))
    assert len(set(ids)) == 1
    assert [one.phase for one in users(await runtime.list())] == [Phase.RUNNING]


async def test_what_has_exited_is_not_started_again(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start("exit 5")
    exited = await until_exited(runtime, id)
    assert await pod.start("exit 5") == id
    assert await find(runtime, id) == exited


async def test_names_may_be_as_long_as_the_contract_allows(runtime: Runtime, pod: TestPod) -> None:
    pod.name = ".".join(["a" * 63] * 3 + ["b" * 61])
    id = await pod.start("exit 0", container="c" * 63)
    seen = await until_exited(runtime, id)
    assert (seen.exit_code, seen.name.pod, seen.name.container) == (0, pod.name, "c" * 63)


async def test_attempts_are_containers_of_their_own(runtime: Runtime, pod: TestPod) -> None:
    ids = {await pod.start("exit 0", attempt=attempt) for attempt in range(3)}
    assert len(ids) == 3
    assert [one.name.attempt for one in users(await runtime.list())] == [0, 1, 2]


async def test_a_restarted_kubelet_adopts_what_runs(
    open_runtime: OpenRuntime, pod: TestPod, runtime: Runtime, node_name: str
) -> None:
    id = await pod.start(FOREVER)
    await until_ready(runtime, id)
    before = await runtime.list()
    await runtime.close()
    pod.runtime = successor = await open_runtime(node_name)
    assert await successor.list() == before
    assert await pod.start(FOREVER) == id
    await successor.stop(id, 5)
    assert (await until_exited(successor, id)).exit_code == 3


async def test_a_restarted_kubelet_finds_what_ended_meanwhile(
    open_runtime: OpenRuntime, pod: TestPod, runtime: Runtime, node_name: str
) -> None:
    id = await pod.start("sleep 1; exit 9")
    await runtime.close()
    assert (await until_exited(await open_runtime(node_name), id)).exit_code == 9


async def test_two_nodes_on_one_machine_do_not_see_each_other(
    open_runtime: OpenRuntime, pod: TestPod, runtime: Runtime, node_name: str
) -> None:
    await pod.start(FOREVER)
    other = await open_runtime(f"{node_name}-other")
    assert await other.list() == []
    stranger = TestPod(other, pod.image)
    id = await stranger.start(FOREVER)
    assert [one.id for one in users(await other.list())] == [id]
    assert id not in {one.id for one in await runtime.list()}


@pytest.mark.parametrize("code", [0, 1, 42, 255])
async def test_the_exit_code_is_kept(runtime: Runtime, pod: TestPod, code: int) -> None:
    seen = await until_exited(runtime, await pod.start(f"exit {code}"))
    assert seen.exit_code == code
    assert seen.started_at is not None
    assert seen.finished_at is not None
    assert seen.created_at <= seen.started_at <= seen.finished_at


async def test_stop_asks_with_sigterm(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start(FOREVER)
    await until_ready(runtime, id)
    await runtime.stop(id, 20)
    seen = await find(runtime, id)
    assert seen is not None
    assert (seen.phase, seen.exit_code) == (Phase.EXITED, 3)


async def test_stop_kills_after_the_grace_which_is_exit_code_128_and_9(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start("trap '' TERM; echo ready; while :; do sleep 1; done")
    await until_ready(runtime, id)
    begin = time.monotonic()
    await runtime.stop(id, 1)
    assert 0.9 <= time.monotonic() - begin < 10
    seen = await find(runtime, id)
    assert seen is not None
    assert (seen.phase, seen.exit_code) == (Phase.EXITED, 137)


async def test_stop_is_idempotent(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start("exit 6")
    await until_exited(runtime, id)
    await runtime.stop(id, 5)
    seen = await find(runtime, id)
    assert seen is not None
    assert seen.exit_code == 6


async def test_remove_forgets_even_what_runs(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start(FOREVER)
    await runtime.remove(id)
    assert await find(runtime, id) is None
    again = await pod.start(FOREVER)
    assert again != id
    assert [one.id for one in users(await runtime.list())] == [again]


async def test_removing_at_the_same_time_is_done_once(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start(FOREVER)
    await asyncio.gather(*(runtime.remove(id) for _ in range(4)))
    assert await find(runtime, id) is None


async def test_absent_containers_are_stopped_and_removed_already(runtime: Runtime) -> None:
    await runtime.stop("0123456789ab", 1)
    await runtime.remove("0123456789ab")


async def test_a_command_that_does_not_exist(runtime: Runtime, pod: TestPod) -> None:
    """It is refused and leaves nothing, or it has exited and says why; another try is possible either way."""
    refusal = ""
    try:
        await pod.start(command=["/no/such/command"])
    except LaunchError as error:
        refusal = str(error)
    for left in users(await runtime.list()):
        seen = await until_exited(runtime, left.id)
        assert (seen.reason, seen.exit_code) == ("ContainerCannotRun", 127)
        refusal = seen.message
    assert "/no/such/command" in refusal
    later = await pod.start("exit 0", attempt=1)
    assert (await until_exited(runtime, later)).exit_code == 0


async def test_containers_run_on_while_others_end(runtime: Runtime, pod: TestPod) -> None:
    short, long = await pod.start("exit 1", container="short"), await pod.start(FOREVER, container="long")
    await until_exited(runtime, short)
    seen = await find(runtime, long)
    assert seen is not None
    assert seen.phase is Phase.RUNNING


async def test_many_pods_start_at_once(runtime: Runtime, pod: TestPod) -> None:
    pods = [TestPod(runtime, pod.image, name=f"web-{number}") for number in range(6)]
    ids = await asyncio.gather(*(one.start(FOREVER) for one in pods))

    def all_run(listed: Sequence[Observed]) -> bool | None:
        running = {one.id for one in listed if one.phase is Phase.RUNNING}
        return True if running.issuperset(ids) else None

    assert await until(runtime, all_run)


async def test_the_runtime_says_what_it_is(runtime: Runtime) -> None:
    assert (await runtime.version()).startswith(f"{runtime.scheme}://")
    await runtime.open()
