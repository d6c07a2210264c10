"""What the runtime says and does when the engine is away, breaks off, or says nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import docker
import pytest

from peapod.kubelet.runtime.docker import DockerRuntime, events
from peapod.kubelet.runtime.runtime import Phase, RuntimeUnavailable
from peapod.v1 import log_pb2, pod_pb2
from tests.service.docker_runtime.conftest import remove_all
from tests.support.engine_proxy import EngineProxy
from tests.support.runtimes import PATIENCE, TestPod, find, until_exited

pytestmark = pytest.mark.docker

Hints = AsyncIterator[str]


@pytest.fixture
async def runtime(node_name: str, proxy: EngineProxy, engine: docker.APIClient) -> AsyncIterator[DockerRuntime]:
    """One that reaches the engine through the proxy."""
    runtime = DockerRuntime(node_name, engine=proxy.address)
    await runtime.open()
    yield runtime
    await runtime.close()
    remove_all(engine, node_name)


class Warnings(logging.Handler):
    """Keeps what is warned of, and tells when it begins."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        self.first = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
        self.first.set()


@pytest.fixture
def warnings() -> Iterator[Warnings]:
    handler = Warnings()
    events.logger.addHandler(handler)
    yield handler
    events.logger.removeHandler(handler)


async def next_hint(hints: Hints) -> str:
    return await asyncio.wait_for(anext(hints), PATIENCE)


async def next_beginning(hints: Hints) -> None:
    while await next_hint(hints) != "":
        pass


async def test_no_engine_is_said_in_one_sentence(tmp_path: Path) -> None:
    runtime = DockerRuntime("nowhere", engine=f"unix://{tmp_path}/absent.sock")
    with pytest.raises(RuntimeUnavailable) as caught:
        await runtime.open()
    assert str(caught.value) == "the Docker engine cannot be reached: No such file or directory"
    await runtime.close()


async def test_a_lost_engine_is_unavailable_until_it_is_back(
    runtime: DockerRuntime, pod: TestPod, proxy: EngineProxy
) -> None:
    id = await pod.start("sleep 1000")
    await proxy.cut()
    for call in (
        runtime.list(),
        runtime.version(),
        runtime.stop(id, 1),
        runtime.remove(id),
        runtime.start(pod.launch("sleep 1000")),
        runtime.ensure_image(pod.image, pod_pb2.PULL_POLICY_NEVER),
        runtime.ensure_image("127.0.0.1:1/peapod-test/absent:1", pod_pb2.PULL_POLICY_ALWAYS),
        anext(runtime.logs(id, log_pb2.LogOptions())),
    ):
        with pytest.raises(RuntimeUnavailable, match="cannot be reached"):
            await call
    await proxy.mend()
    assert {one.phase for one in await runtime.list()} == {Phase.RUNNING}


async def test_changes_begin_anew_after_an_interruption(
    runtime: DockerRuntime, pod: TestPod, proxy: EngineProxy, warnings: Warnings
) -> None:
    async with aclosing(runtime.changes()) as hints:
        assert await next_hint(hints) == ""
        await proxy.cut()
        assert await next_hint(hints) == "", "so that who listens looks, and finds out"
        beginning = asyncio.create_task(next_beginning(hints))
        await asyncio.wait_for(warnings.first.wait(), PATIENCE)
        await proxy.mend()
        await beginning
        await pod.start("true")
        assert await next_hint(hints) == pod.uid
    assert len(warnings.said) == 1
    assert "No such file or directory" in warnings.said[0]


async def test_what_happened_during_an_interruption_is_hinted(
    runtime: DockerRuntime, pod: TestPod, proxy: EngineProxy, engine: docker.APIClient
) -> None:
    id = await pod.start("sleep 1000")
    async with aclosing(runtime.changes()) as hints:
        assert await next_hint(hints) == ""
        await proxy.cut()
        await next_beginning(hints)
        engine.kill(id)
        await proxy.mend()
        await next_beginning(hints)
        seen = await find(runtime, id)
        assert seen is not None
        assert seen.exit_code == 137


async def test_a_stream_of_events_that_stalls_is_replaced(
    runtime: DockerRuntime, proxy: EngineProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "SILENCE", 0.3)
    async with aclosing(runtime.changes()) as hints:
        assert await next_hint(hints) == ""
        assert await next_hint(hints) == ""


async def test_a_log_that_breaks_off_is_not_taken_for_its_end(
    runtime: DockerRuntime, pod: TestPod, proxy: EngineProxy
) -> None:
    id = await pod.start("echo hello; sleep 1000")
    async with aclosing(runtime.logs(id, log_pb2.LogOptions(follow=True))) as log:
        assert await asyncio.wait_for(anext(log), PATIENCE) == b"hello\n"
        await proxy.cut()
        with pytest.raises(RuntimeUnavailable):
            await asyncio.wait_for(anext(log), PATIENCE)


@pytest.mark.parametrize("lost", ["/containers/create", "/start"])
async def test_a_start_without_an_answer_makes_one_container_when_it_is_repeated(
    runtime: DockerRuntime, pod: TestPod, proxy: EngineProxy, lost: str
) -> None:
    await pod.start_network()
    proxy.lose_answer_to = lost
    with pytest.raises(RuntimeUnavailable):
        await pod.start("sleep 1000")
    proxy.lose_answer_to = ""
    id = await pod.start("sleep 1000")
    assert [(one.id, one.phase) for one in await runtime.list()] == [
        (pod.network, Phase.RUNNING),
        (id, Phase.RUNNING),
    ]


async def test_a_container_that_was_created_only_is_started(
    runtime: DockerRuntime, pod: TestPod, proxy: EngineProxy
) -> None:
    """As after a kill -9 between the two calls."""
    await pod.start_network()
    proxy.lose_answer_to = "/containers/create"
    with pytest.raises(RuntimeUnavailable):
        await pod.start("sleep 1000")
    proxy.lose_answer_to = ""
    created = [one for one in await runtime.list() if one.phase is Phase.CREATED]
    assert len(created) == 1
    assert await pod.start("sleep 1000") == created[0].id


async def test_a_list_is_one_question_when_nothing_changed(
    runtime: DockerRuntime, pod: TestPod, proxy: EngineProxy
) -> None:
    await until_exited(runtime, await pod.start("exit 1"))
    await pod.start("sleep 1000", container="other")
    first = await runtime.list()
    proxy.requests.clear()
    assert await runtime.list() == first
    assert [request.partition("?")[0] for request in proxy.requests] == ["GET /containers/json"]


async def test_a_restart_behind_the_kubelets_back_is_seen(
    runtime: DockerRuntime, pod: TestPod, engine: docker.APIClient
) -> None:
    await pod.start("sleep 1000")
    async with aclosing(runtime.changes()) as hints:
        assert await next_hint(hints) == ""
        before = {one.id: one.started_at for one in await runtime.list()}
        engine.restart(pod.network, timeout=0)
        started = before[pod.network]
        while started == before[pod.network]:
            await next_hint(hints)
            started = {one.id: one.started_at for one in await runtime.list()}[pod.network]


async def test_an_image_pull_ends_with_the_runtime(node_name: str, proxy: EngineProxy) -> None:
    runtime = DockerRuntime(node_name, engine=proxy.address)
    await runtime.open()
    proxy.freeze()
    pull = asyncio.create_task(runtime.ensure_image("127.0.0.1:1/peapod-test/absent:1", pod_pb2.PULL_POLICY_ALWAYS))
    await asyncio.sleep(0.1)
    await runtime.close()
    with pytest.raises(RuntimeUnavailable, match="closed"):
        await asyncio.wait_for(pull, PATIENCE)
    proxy.thaw()


async def test_a_closed_runtime_says_so(runtime: DockerRuntime) -> None:
    hints = runtime.changes()
    assert await next_hint(hints) == ""
    await runtime.close()
    await runtime.close()
    with pytest.raises(RuntimeUnavailable, match="closed"):
        await runtime.list()
    with pytest.raises(RuntimeUnavailable):
        await next_hint(hints)


async def test_a_list_that_breaks_off_half_way_is_none(
    runtime: DockerRuntime, pod: TestPod, proxy: EngineProxy
) -> None:
    first = await pod.start("sleep 1000")
    assert len(await runtime.list()) == 2
    second = await pod.start("sleep 1000", container="second")
    proxy.lose_answer_to = f"/{second}/json"
    with pytest.raises(RuntimeUnavailable):
        await runtime.list()
    proxy.lose_answer_to = ""
    assert [one.id for one in await runtime.list()] == [pod.network, first, second]
