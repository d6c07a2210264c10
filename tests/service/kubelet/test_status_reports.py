"""How statuses reach the apiserver."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from peapod.common import process
from peapod.kubelet.status_reporter import StatusReporter
from peapod.v1 import pod_pb2
from peapod.v1.pod_service_pb2 import PodStatusUpdate, UpdatePodStatusesRequest
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import create, told
from tests.support.pods import make_pod


@pytest.fixture
async def reporter(api: OwnApi) -> AsyncGenerator[StatusReporter]:
    reporter = StatusReporter(api.pods, lambda pod: pod)
    task = process.spawn(reporter.run, "status reporter")
    yield reporter
    await process.end(task)


def status(message: str) -> pod_pb2.PodStatus:
    return pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_RUNNING, message=message)


async def test_of_statuses_in_a_row_only_the_last_is_written(
    api: OwnApi, seen: Following, reporter: StatusReporter
) -> None:
    pod = await create(api, make_pod())
    messages: list[str] = []
    seen.informers[0].on_change(lambda _kind, _old, new: messages.append(new.status.message if new else ""))
    for message in ("one", "two", "three"):
        reporter.report(pod, status(message))
    await seen.until(lambda: told(seen).message == "three")
    assert "one" not in messages
    assert "two" not in messages


async def test_what_the_apiserver_has_is_not_sent_even_while_its_echo_is_on_the_way(
    api: OwnApi, seen: Following, reporter: StatusReporter
) -> None:
    pod = await create(api, make_pod())
    reporter.report(pod, status("same"))
    await seen.until(lambda: told(seen).message == "same")
    version = seen.pods["web"].metadata.resource_version
    reporter.report(pod, status("same"))
    reporter.report(seen.pods["web"], status("same"))
    reporter.report(await create(api, make_pod(name="other")), status("later"))
    await seen.until(lambda: told(seen, "other").message == "later")
    assert seen.pods["web"].metadata.resource_version == version


async def test_a_status_that_somebody_else_has_overwritten_is_sent_again(
    api: OwnApi, seen: Following, reporter: StatusReporter
) -> None:
    pod = await create(api, make_pod())
    reporter.report(pod, status("ours"))
    await seen.until(lambda: told(seen).message == "ours")
    theirs = pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_UNKNOWN, message="theirs")
    await overwrite(api, seen.pods["web"], theirs)
    await seen.until(lambda: told(seen).message == "theirs")
    reporter.report(seen.pods["web"], status("ours"))
    await seen.until(lambda: told(seen).message == "ours")


async def test_the_status_of_a_pod_that_is_gone_does_not_hold_up_the_others(
    api: OwnApi, seen: Following, reporter: StatusReporter, caplog: pytest.LogCaptureFixture
) -> None:
    gone = make_pod(name="gone", uid="never-stored")
    reporter.report(gone, status("of nobody"))
    reporter.report(await create(api, make_pod()), status("of somebody"))
    await seen.until(lambda: told(seen).message == "of somebody")
    assert caplog.records == []


async def overwrite(api: OwnApi, pod: pod_pb2.Pod, written: pod_pb2.PodStatus) -> None:
    """Write a status as another client would."""
    update = PodStatusUpdate(namespace="default", name=pod.metadata.name, uid=pod.metadata.uid, status=written)
    await api.pods.update_pod_statuses(UpdatePodStatusesRequest(updates=[update]))
