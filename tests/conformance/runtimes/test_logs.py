"""A container's log: whole, in order, by tail and time, and to the end when it is followed."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from peapod.kubelet.runtime.runtime import ContainerGone, Runtime
from peapod.v1 import log_pb2
from tests.support.runtimes import PATIENCE, TestPod, output_of, read_log, until_exited

STAMP = re.compile(r"(?m)^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (.*)$")
COUNT = "for i in 1 2 3 4 5; do echo $i; done"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_the_log_has_what_was_written(pod: TestPod) -> None:
    assert await output_of(pod, COUNT) == "1\n2\n3\n4\n5\n"


async def test_both_streams_are_in_the_order_written(pod: TestPod) -> None:
    script = "for i in 1 2 3; do echo out $i; sleep 0.05; echo err $i >&2; sleep 0.05; done"
    assert await output_of(pod, script) == "".join(f"out {i}\nerr {i}\n" for i in (1, 2, 3))


async def test_a_silent_container_has_an_empty_log(pod: TestPod) -> None:
    assert await output_of(pod, "true") == ""


async def test_a_last_line_without_an_end_is_kept(pod: TestPod) -> None:
    assert await output_of(pod, "echo one; printf two") == "one\ntwo"


async def test_bytes_that_are_not_text_pass(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start(r"printf 'a\377b\n'")
    await until_exited(runtime, id)
    assert b"".join([chunk async for chunk in runtime.logs(id, log_pb2.LogOptions())]) in (
        b"a\xffb\n",
        "a\N{REPLACEMENT CHARACTER}b\n".encode(),
    )


@pytest.mark.parametrize(("tail", "expected"), [(0, ""), (2, "4\n5\n"), (99, "1\n2\n3\n4\n5\n")])
async def test_tail_takes_the_last_lines(runtime: Runtime, pod: TestPod, tail: int, expected: str) -> None:
    id = await pod.start(COUNT)
    await until_exited(runtime, id)
    assert await read_log(runtime, id, tail_lines=tail) == expected


async def test_time_stamps_stand_before_each_line(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start(COUNT)
    seen = await until_exited(runtime, id)
    lines = STAMP.findall(await read_log(runtime, id, timestamps=True))
    assert [text for _, text in lines] == ["1", "2", "3", "4", "5"]
    stamps = [moment(stamp) for stamp, _ in lines]
    assert stamps == sorted(stamps)
    assert seen.started_at is not None
    assert abs(stamps[0] - seen.started_at) < timedelta(seconds=10)


async def test_a_long_line_has_one_time_stamp(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start("head -c 100000 /dev/zero | tr '\\0' x; echo; echo end")
    await until_exited(runtime, id)
    lines = STAMP.findall(await read_log(runtime, id, timestamps=True))
    assert [text for _, text in lines] == ["x" * 100_000, "end"]


async def test_since_leaves_out_what_is_older(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start("echo old; sleep 1.2; echo new; echo newest")
    await until_exited(runtime, id)
    stamps = [moment(stamp) for stamp, _ in STAMP.findall(await read_log(runtime, id, timestamps=True))]
    since = Timestamp()
    since.FromDatetime(stamps[0] + (stamps[1] - stamps[0]) / 2)
    assert await read_log(runtime, id, since_time=since) == "new\nnewest\n"
    assert await read_log(runtime, id, since_time=since, tail_lines=1) == "newest\n"


async def test_since_the_future_is_nothing(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start(COUNT)
    await until_exited(runtime, id)
    future = Timestamp()
    future.FromDatetime(datetime.now(UTC) + timedelta(hours=1))
    assert await read_log(runtime, id, since_time=future) == ""


async def test_without_follow_the_stream_ends_while_the_container_runs(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start("sleep 1000")
    assert await read_log(runtime, id) == ""


async def test_follow_sends_what_comes_and_ends_at_the_exit(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start("echo first; sleep 1; echo last >&2")
    got: list[bytes] = []
    async with asyncio.timeout(PATIENCE), aclosing(runtime.logs(id, log_pb2.LogOptions(follow=True))) as log:
        async for chunk in log:
            got.append(chunk)
    assert b"".join(got) == b"first\nlast\n"
    assert len(got) > 1


async def test_follow_of_what_has_exited_ends_at_once(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start(COUNT)
    await until_exited(runtime, id)
    assert await read_log(runtime, id, follow=True, tail_lines=1) == "5\n"


async def test_follow_from_the_tail_on(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start("echo 1; echo 2; sleep 1; echo 3")
    async with asyncio.timeout(PATIENCE), aclosing(runtime.logs(id, log_pb2.LogOptions(follow=True))) as log:
        async for chunk in log:
            if b"2\n" in chunk:
                break
    assert await read_log(runtime, id, follow=True, tail_lines=1) == "2\n3\n"


async def test_a_reader_may_leave_early(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start("while :; do echo tick; sleep 0.1; done")
    async with asyncio.timeout(PATIENCE), aclosing(runtime.logs(id, log_pb2.LogOptions(follow=True))) as log:
        assert (await anext(log)).startswith(b"tick\n")


async def test_a_slow_reader_gets_all(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done")
    await until_exited(runtime, id)
    lines = b""
    async with asyncio.timeout(PATIENCE), aclosing(runtime.logs(id, log_pb2.LogOptions())) as log:
        lines += await anext(log)
        await asyncio.sleep(0.3)
        async for chunk in log:
            lines += chunk
    assert lines.decode().splitlines() == [f"line {i}" for i in range(20_000)]


async def test_a_gone_container_has_no_log(runtime: Runtime) -> None:
    with pytest.raises(ContainerGone):
        await read_log(runtime, "0123456789ab")


async def test_a_log_goes_with_its_container(runtime: Runtime, pod: TestPod) -> None:
    id = await pod.start(COUNT)
    await until_exited(runtime, id)
    await runtime.remove(id)
    with pytest.raises(ContainerGone):
        await read_log(runtime, id)
