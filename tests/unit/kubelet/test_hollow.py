"""The runtime without containers behaves as the others do, as far as there is something to behave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from peapod.kubelet.runtime.hollow import Answer, HollowRuntime
from peapod.kubelet.runtime.runtime import Chunk, ContainerGone, Image, ImageError, Observed, Phase
from peapod.v1 import pod_pb2
from tests.support.executions import executing, run, to_end
from tests.support.runtimes import PATIENCE, TestPod, find, read_log, until_exited


@pytest.fixture
def runtime() -> HollowRuntime:
    return HollowRuntime()


@pytest.fixture
def pod(runtime: HollowRuntime) -> TestPod:
    return TestPod(runtime, "hollow/web")


async def test_a_life(runtime: HollowRuntime, pod: TestPod) -> None:
    launch = pod.launch()
    id = await runtime.start(launch)
    assert await runtime.start(launch) == id
    seen = await find(runtime, id)
    assert seen is not None
    assert (seen.phase, seen.name, seen.ip) == (Phase.RUNNING, launch.name, "127.0.0.1")
    await runtime.stop(id, 10)
    assert ((await until_exited(runtime, id)).exit_code, await runtime.start(launch)) == (143, id)
    await runtime.stop(id, 10)
    for _ in range(2):
        await runtime.remove(id)
    assert await runtime.list() == []


async def test_some_images_end_by_themselves_and_one_is_absent(runtime: HollowRuntime, pod: TestPod) -> None:
    ended = await until_exited(runtime, await pod.start(image="hollow/exit:7"))
    assert ended.exit_code == 7
    with pytest.raises(ImageError):
        await pod.start(image="hollow/absent", attempt=1)


async def test_changes_are_told_by_pod(runtime: HollowRuntime, pod: TestPod) -> None:
    changes = runtime.changes()
    async with asyncio.timeout(PATIENCE):
        assert await anext(changes) == ""
        id = await pod.start()
        assert await anext(changes) == pod.uid
        await runtime.remove(id)
        assert await anext(changes) == pod.uid
    await changes.aclose()


async def test_a_log_has_one_line(runtime: HollowRuntime, pod: TestPod) -> None:
    assert await read_log(runtime, await pod.start()) == "main of web runs hollow/web\n"
    with pytest.raises(ContainerGone):
        await read_log(runtime, "absent")


async def test_a_command_is_echoed_with_its_input(runtime: HollowRuntime, pod: TestPod) -> None:
    id = await pod.start()
    assert await run(runtime, id, "true") == (0, b"/bin/sh -c true\n", b"")
    async with executing(runtime, id, ["cat"], stdin=True) as execution:
        await execution.write(b"x")
        await execution.resize(80, 24)
        await execution.end_input()
        await execution.write(b"late")
        assert await to_end(execution) == (0, b"cat\nx", b"")


async def test_a_command_may_say_how_it_ends(runtime: HollowRuntime, pod: TestPod) -> None:
    async with executing(runtime, await pod.start(), ["exit", "3"]) as execution:
        assert await to_end(execution) == (3, b"", b"")


async def test_a_simulation_may_answer_commands_itself(runtime: HollowRuntime, pod: TestPod) -> None:
    def sick(container: Observed, command: Sequence[str]) -> Answer:
        return Answer(f"{container.name.pod} {command[0]}".encode(), 9)

    runtime.answer = sick
    async with executing(runtime, await pod.start(), ["check"]) as execution:
        assert await to_end(execution) == (9, b"web check", b"")


@pytest.mark.parametrize("end", ["stop", "remove", "close"])
async def test_a_command_that_reads_is_killed_with_its_container(
    runtime: HollowRuntime, pod: TestPod, end: str
) -> None:
    id = await pod.start()
    async with executing(runtime, id, ["cat"], stdin=True) as execution:
        output = execution.output()
        assert await anext(output) == Chunk(False, b"cat\n")  # type: ignore[call-overload]
        await (execution.close() if end == "close" else runtime.stop(id, 0) if end == "stop" else runtime.remove(id))
        assert [chunk async for chunk in output] == []
        assert await execution.wait() == 137


async def test_nothing_runs_in_what_does_not_run(runtime: HollowRuntime, pod: TestPod) -> None:
    id = await pod.start(image="hollow/exit:0")
    for absent in (id, "absent"):
        with pytest.raises(ContainerGone):
            await runtime.exec(absent, ["true"])
        with pytest.raises(ContainerGone):
            await runtime.connect(absent, 80)


async def test_nobody_listens(runtime: HollowRuntime, pod: TestPod) -> None:
    with pytest.raises(ConnectionRefusedError):
        await runtime.connect(await pod.start(), 80)


async def test_images_are_those_that_were_asked_for(runtime: HollowRuntime, pod: TestPod) -> None:
    image = await runtime.ensure_image("hollow/web", pod_pb2.PULL_POLICY_ALWAYS)
    container = await pod.start()
    assert await runtime.images() == [Image(image, ("hollow/web",), 0)]
    with pytest.raises(ImageError):
        await runtime.remove_image(image)
    await runtime.remove(container)
    for _ in range(2):
        await runtime.remove_image(image)
    assert (await runtime.images(), await runtime.image_disk()) == ([], None)
