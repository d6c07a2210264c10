"""Disks of Google Compute Engine, by Google's own client, of a double of its API on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1

from peapod.kubelet.volumes.disks import gce
from peapod.kubelet.volumes.disks.gce import Clients, GceDisks
from peapod.kubelet.volumes.disks.provider import DiskError
from tests.support.gce import PATIENCE, PROJECT, ZONE, Compute, running_compute


@pytest.fixture
def by_id(tmp_path: Path) -> Path:
    """Where the machine shows its disks."""
    (tmp_path / "by-id").mkdir()
    return tmp_path / "by-id"


@pytest.fixture
def served(by_id: Path) -> Iterator[tuple[Compute, str]]:
    with running_compute(by_id) as running:
        yield running


@pytest.fixture
def compute(served: tuple[Compute, str]) -> Compute:
    return served[0]


@pytest.fixture
def clients(served: tuple[Compute, str]) -> Iterator[Clients]:
    options = ClientOptions(api_endpoint=served[1])
    credentials = AnonymousCredentials()
    with (
        compute_v1.InstancesClient(credentials=credentials, client_options=options) as instances,
        compute_v1.ZoneOperationsClient(credentials=credentials, client_options=options) as operations,
    ):
        yield Clients(instances, operations)


@pytest.fixture
def disks(by_id: Path, clients: Clients) -> GceDisks:
    return on("one", by_id, clients)


def on(instance: str, by_id: Path, clients: Clients) -> GceDisks:
    return GceDisks(PROJECT, ZONE, instance, by_id=by_id, connect=lambda: clients)


async def test_a_disk_is_attached_once_and_found_again_by_a_restarted_kubelet(
    disks: GceDisks, compute: Compute, by_id: Path, clients: Clients
) -> None:
    assert await disks.attach("data", read_only=False) == by_id / "google-data"
    assert compute.instances["one"]["data"] == "READ_WRITE"
    fresh = on("one", by_id, clients)
    assert await fresh.attach("data", read_only=False) == by_id / "google-data"
    await fresh.detach("data")
    await disks.detach("data")
    assert compute.instances["one"] == {"boot": "READ_WRITE"}
    assert [call for call in compute.asked if call != "get"] == ["attach", "detach"]


async def test_one_writer_or_any_number_of_readers(
    disks: GceDisks, compute: Compute, by_id: Path, clients: Clients
) -> None:
    compute.instances["two"]["data"] = "READ_ONLY"
    with pytest.raises(DiskError, match=r"^disk data: .* is already being used by 'instances/two'$"):
        await disks.attach("data", read_only=False)
    await disks.attach("data", read_only=True)
    assert compute.instances["one"]["data"] == "READ_ONLY"
    del compute.instances["two"]["data"]
    await disks.attach("data", read_only=False)
    assert compute.instances["one"]["data"] == "READ_WRITE"
    with pytest.raises(DiskError, match="is already being used by 'instances/one'"):
        await on("two", by_id, clients).attach("data", read_only=True)


async def test_what_is_not_there_is_said(disks: GceDisks, by_id: Path, clients: Clients) -> None:
    with pytest.raises(DiskError, match=r"^disk absent: .*disks/absent' was not found"):
        await disks.attach("absent", read_only=False)
    with pytest.raises(DiskError, match="instances/three' was not found"):
        await on("three", by_id, clients).attach("data", read_only=False)
    await disks.detach("absent")


async def test_a_quota_that_is_used_up_is_said_and_tried_again(disks: GceDisks, compute: Compute) -> None:
    compute.quota = True
    with pytest.raises(DiskError, match="Quota exceeded"):
        await disks.attach("data", read_only=False)
    compute.quota = False
    await disks.attach("data", read_only=False)


async def test_an_operation_that_takes_its_time_is_waited_for(
    disks: GceDisks, compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gce, "_WAIT_SECONDS", 0.2)
    compute.gate.clear()
    attaching = asyncio.create_task(disks.attach("data", read_only=False))
    for _ in range(2):  # by more than one question
        assert await asyncio.to_thread(compute.waited.wait, PATIENCE)
        compute.waited.clear()
    assert "data" not in compute.instances["one"]
    compute.gate.set()
    assert (await attaching).name == "google-data"


async def test_an_operation_that_takes_too_long_is_found_done_later(
    disks: GceDisks, compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute.gate.clear()
    with monkeypatch.context() as impatient:
        impatient.setattr(gce, "_WAIT_SECONDS", 0.2)
        impatient.setattr(gce, "_OPERATION_SECONDS", 0.1)
        with pytest.raises(DiskError, match=r"^disk data: Google has not finished in 0\.1 s$"):
            await disks.attach("data", read_only=False)
    compute.gate.set()
    await disks.attach("data", read_only=False)
    assert compute.instances["one"]["data"] == "READ_WRITE"


async def test_what_nobody_waits_for_any_more_is_undone_all_the_same(
    disks: GceDisks, compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gce, "_WAIT_SECONDS", 0.2)
    compute.gate.clear()
    attaching = asyncio.create_task(disks.attach("data", read_only=False))
    assert await asyncio.to_thread(compute.waited.wait, PATIENCE)
    attaching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attaching
    compute.waited.clear()
    detaching = asyncio.create_task(disks.detach("data"))
    assert await asyncio.to_thread(compute.waited.wait, PATIENCE)
    compute.gate.set()
    await detaching
    assert compute.instances["one"] == {"boot": "READ_WRITE"}


async def test_the_machine_may_take_its_time_to_show_the_disk(
    disks: GceDisks, compute: Compute, by_id: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute.instances["one"]["data"] = "READ_WRITE"
    with monkeypatch.context() as impatient:
        impatient.setattr(gce, "_DEVICE_SECONDS", 0.1)
        with pytest.raises(DiskError, match=r"disk data is attached, but there is no .*/google-data"):
            await disks.attach("data", read_only=False)
    attaching = asyncio.create_task(disks.attach("data", read_only=False))
    (by_id / "google-data").symlink_to("/dev/null")
    assert await attaching == by_id / "google-data"
    (by_id / "google-data-part1").symlink_to("/dev/null")
    assert await disks.partition("data", by_id / "google-data", 1) == by_id / "google-data-part1"


async def test_the_disk_that_the_machine_started_from_is_nobodys(disks: GceDisks, compute: Compute) -> None:
    for act in (disks.attach("boot", read_only=False), disks.detach("boot")):
        with pytest.raises(DiskError, match="is the one that one starts from"):
            await act
    assert compute.instances["one"] == {"boot": "READ_WRITE"}


async def test_a_disk_that_is_mounted_somewhere_is_not_detached(
    disks: GceDisks, compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    await disks.attach("data", read_only=False)
    with monkeypatch.context() as mounted:
        mounted.setattr(gce, "is_busy", lambda _: True)
        with pytest.raises(DiskError, match=r"disk data is still in use: .*google-data is mounted somewhere"):
            await disks.detach("data")
    assert "data" in compute.instances["one"]
    await disks.detach("data")


async def test_an_api_that_is_away_is_said(by_id: Path) -> None:
    options = ClientOptions(api_endpoint="http://127.0.0.1:1")
    credentials = AnonymousCredentials()
    with (
        compute_v1.InstancesClient(credentials=credentials, client_options=options) as instances,
        compute_v1.ZoneOperationsClient(credentials=credentials, client_options=options) as operations,
    ):
        disks = on("one", by_id, Clients(instances, operations))
        with pytest.raises(DiskError, match=r"^disk data: "):
            await disks.attach("data", read_only=False)
