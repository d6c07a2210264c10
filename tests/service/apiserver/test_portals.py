"""Portal IPs: each service has one, and no two the same, whatever races or crashes."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from peapod.apiserver.storage.open import open_store
from peapod.apiserver.storage.store import Delete, Put
from peapod.common import errors, kinds
from peapod.v1.service_pb2 import Service
from tests.support.apiserver import Api, connected, running_apiserver
from tests.support.kinds import Objects, make
from tests.support.refusals import refusal
from tests.support.service_process import running

SMALL = "10.9.0.0/28"
ROOM = 16 - 2 - 2
"""What is left of the small net without its first and last address, and the two that are kept."""


def service(name: str, address: str = "") -> Service:
    made: Service = make(kinds.SERVICE, name)
    made.spec.cluster_ip = address
    return made


def services(api: Api) -> Objects:
    return Objects(kinds.SERVICE, api.channel)


async def addresses(api: Api) -> list[str]:
    return [item.spec.cluster_ip for item in (await services(api).call("List")).items]


def addresses_of(results: Sequence[Any]) -> list[str]:
    return [result.spec.cluster_ip for result in results if not isinstance(result, BaseException)]


async def test_a_service_gets_an_address_of_the_net(api: Api) -> None:
    created = await services(api).create(service("a"))
    assert ip_address(created.spec.cluster_ip) in ip_network("10.0.0.0/24")
    assert (await services(api).get("a")).spec.cluster_ip == created.spec.cluster_ip
    headless = await services(api).create(service("b", "None"))
    assert headless.spec.cluster_ip == "None"
    checked = await services(api).create(service("c"), validate_only=True)
    assert checked.spec.cluster_ip == ""


async def test_an_address_that_is_asked_for_is_given_once(apis: list[Api]) -> None:
    results = await asyncio.gather(
        *(services(apis[number % len(apis)]).create(service(f"s{number}", "10.0.0.7")) for number in range(20)),
        return_exceptions=True,
    )
    assert addresses_of(results) == ["10.0.0.7"]
    (owner,) = [result.metadata.name for result in results if not isinstance(result, BaseException)]
    error = await refusal(services(apis[-1]).create(service("late", "10.0.0.7")))
    assert isinstance(error, errors.Invalid)
    taken = f"is taken by service default/{owner}"
    assert error.violations == (errors.Violation("spec.cluster_ip", taken),)
    await services(apis[0]).delete(owner)
    assert (await services(apis[-1]).create(service("late", "10.0.0.7"))).spec.cluster_ip == "10.0.0.7"


@pytest.mark.parametrize("address", ["10.0.1.7", "10.0.0.0", "10.0.0.255", "::1", "127.0.0.1"])
async def test_an_address_outside_of_the_net_is_refused_by_its_field(api: Api, address: str) -> None:
    for options in ({}, {"validate_only": True}):
        error = await refusal(services(api).create(service("a", address), **options))
        wrong = f"must be an address of 10.0.0.0/24, not {address}"
        assert error.violations == (errors.Violation("spec.cluster_ip", wrong),)


async def test_the_first_two_addresses_are_for_who_asks_for_them(api: Api) -> None:
    for address in ("10.0.0.1", "10.0.0.2"):
        assert (await services(api).create(service(f"s{address[-1]}", address))).spec.cluster_ip == address


async def test_of_many_at_once_each_has_its_own_until_none_is_left(store: str) -> None:
    count = 1 if store.startswith("sqlite") else 2
    async with running_apiserver(store, portal_net=SMALL) as one:
        if count == 1:
            await fill([one])
        else:
            async with running_apiserver(store, portal_net=SMALL) as two:
                await fill([one, two])


async def fill(apis: list[Api]) -> None:
    calls = [services(apis[number % len(apis)]).create(service(f"s{number}")) for number in range(2 * ROOM)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    given = addresses_of(results)
    assert len(given) == len(set(given)) == ROOM
    assert sorted(await addresses(apis[-1])) == sorted(given)
    error = await refusal(services(apis[0]).create(service("late")))
    assert isinstance(error, errors.Forbidden)
    assert error.message == f'Service "late" is forbidden: all portal IPs of {SMALL} are taken'
    (gone, *_) = await services(apis[0]).names()
    address = (await services(apis[0]).delete(gone)).spec.cluster_ip
    assert (await services(apis[-1]).create(service("late"))).spec.cluster_ip == address


async def test_names_that_are_drawn_and_refused_hold_no_address(api: Api) -> None:
    await services(api).create(service("a"))
    for _ in range(3):
        assert isinstance(await refusal(services(api).create(service("a"))), errors.AlreadyExists)
    drawn = service("")
    drawn.metadata.generate_name = "web-"
    await services(api).create(drawn)
    kept = await kept_addresses(api)
    assert sorted(kept) == sorted(await addresses(api))


async def kept_addresses(api: Any) -> list[str]:
    """The addresses whose keys are in the store of an apiserver in this process."""
    listing = await api.apiserver._store.list("/peapod/portals/")
    return [entry.key.rpartition("/")[2] for entry in listing.entries]


async def test_keys_and_services_are_put_right_at_the_start(store: str) -> None:
    async with running_apiserver(store) as api:
        await services(api).create(service("keyless", "10.0.0.7"))
        await services(api).create(service("whole", "10.0.0.8"))
    await write(store, Delete("/peapod/portals/10.0.0.7"), Put("/peapod/portals/10.0.0.9", b"default/gone"))
    async with running_apiserver(store) as api:
        assert sorted(await kept_addresses(api)) == ["10.0.0.7", "10.0.0.8"]
        error = await refusal(services(api).create(service("other", "10.0.0.7")))
        assert "is taken by service default/keyless" in error.message
        await services(api).create(service("other", "10.0.0.9"))
        await services(api).delete("keyless")
        await services(api).create(service("another", "10.0.0.7"))


async def test_what_two_services_have_is_told_and_stays_the_first_ones(
    store: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = service("first", "10.0.0.7"), service("second", "10.0.0.7")
    for number, one in enumerate((first, second)):
        one.metadata.namespace, one.metadata.uid = "default", f"u{number}"
        one.metadata.creation_timestamp.seconds = 100 + number
    puts = [Put(f"/peapod/services/default/{one.metadata.name}", one.SerializeToString()) for one in (second, first)]
    await write(store, *puts)
    async with running_apiserver(store) as api:
        await services(api).delete("second")
        assert await kept_addresses(api) == ["10.0.0.7"]
    told = [record.message for record in caplog.records if record.message.startswith("portal IPs")]
    assert told == [
        "portal IPs: 10.0.0.7 was not kept for service default/first, and is now",
        "portal IPs: 10.0.0.7 belongs to service default/first, and service default/second has it too: delete one",
    ]


async def write(url: str, *operations: Put | Delete) -> None:
    store = open_store(url)
    await store.commit(operations)
    await store.close()


async def test_a_service_of_before_there_were_addresses_gets_one_when_it_is_changed(store: str) -> None:
    old = service("old")
    old.metadata.namespace, old.metadata.uid = "default", "u"
    await write(store, Put("/peapod/services/default/old", old.SerializeToString()))
    async with running_apiserver(store) as api:
        found = await services(api).get("old")
        assert found.spec.cluster_ip == ""
        outside = copy.deepcopy(found)
        outside.spec.cluster_ip = "10.1.0.1"
        error = await refusal(services(api).update(outside))
        assert [violation.field for violation in error.violations] == ["spec.cluster_ip"]
        updated = await services(api).update(found)
        assert await kept_addresses(api) == [updated.spec.cluster_ip]


async def test_a_server_killed_at_any_moment_leaves_no_address_without_its_service(tmp_path: Path) -> None:
    """What is acknowledged or lost, the keys and the services are of one commit."""
    url = f"sqlite:///{tmp_path}/peapod.db"
    arguments = ["--store", url, "--log-level", "warning"]
    async with running("peapod.apiserver", arguments, tmp_path / "log") as server, connected(server.address) as api:
        begun = asyncio.Event()

        async def create(number: int) -> None:
            await services(api).create(service(f"s{number}"))
            begun.set()

        creating = [asyncio.create_task(create(number)) for number in range(100)]
        await begun.wait()
        await server.kill()
        await asyncio.gather(*creating, return_exceptions=True)
    store = open_store(url)
    kept = {entry.key.rpartition("/")[2]: entry.value for entry in (await store.list("/peapod/portals/")).entries}
    found = [Service.FromString(entry.value) for entry in (await store.list("/peapod/services/")).entries]
    await store.close()
    assert found
    assert kept == {one.spec.cluster_ip: f"default/{one.metadata.name}".encode() for one in found}
