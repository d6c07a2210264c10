"""`peapod expose`."""

from __future__ import annotations

import json

import pytest

from peapod.v1.service_pb2 import Service
from peapod.v1.service_service_pb2 import ListServicesRequest
from tests.service.cli.conftest import Run
from tests.support import controllers
from tests.support.apiserver import Api
from tests.support.controllers import make_controller


async def services(api: Api) -> dict[str, Service]:
    listed = await api.services.list_services(ListServicesRequest(namespace="default"))
    return {service.metadata.name: service for service in listed.items}


@pytest.fixture(autouse=True)
async def web(api: Api) -> None:
    await controllers.create(api, make_controller("web", 2))


async def test_a_service_for_the_pods_of_a_controller(peapod: Run, api: Api) -> None:
    outcome = await peapod("expose", "rc", "web", "--port=80")
    assert (outcome.status, outcome.err) == (0, "")
    heads, row = outcome.out.splitlines()
    assert heads.split() == ["NAME", "LABELS", "SELECTOR", "IP", "PORT"]
    assert row.split()[:3] == ["web", "<none>", "app=shop,version=1"]
    [port] = (await services(api))["web"].spec.ports
    assert (port.port, port.target_port.number) == (80, 80)


async def test_everything_can_be_said_otherwise(peapod: Run, api: Api) -> None:
    flags = "--service-name=dns --target-port=query --protocol=UDP --public-ip=192.0.2.1 --labels=a=b --selector=x=y"
    outcome = await peapod("expose", "rc/web", "--port=53", *flags.split(), "-o", "json")
    document = json.loads(outcome.out)
    assert (document["id"], document["selector"], document["labels"]) == ("dns", {"x": "y"}, {"a": "b"})
    service = (await services(api))["dns"]
    assert service.spec.ports[0].target_port.text == "query"
    assert list(service.spec.external_ips) == ["192.0.2.1"]
    assert (await peapod("expose", "service", "dns", "--port=54", "--service-name=dns2")).status == 0
    assert dict((await services(api))["dns2"].spec.selector) == {"x": "y"}


async def test_a_dry_run_stores_nothing(peapod: Run, api: Api) -> None:
    assert (await peapod("expose", "rc", "web", "--port=80", "--dry-run", "--no-headers")).out.split()[0] == "web"
    assert await services(api) == {}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("rc web", "the following arguments are required: --port"),
        ("--port=80", "name one: peapod expose rc NAME --port=PORT"),
        ("pod web --port=80", "pods are none of replicationControllers, services"),
        ("rc nope --port=80", 'ReplicationController "nope" not found in namespace default'),
        ("rc web --port=x", "argument --port: 'x' is no whole number"),
        ("rc web --port=80 --protocol=ICMP", "argument --protocol: invalid choice: 'ICMP'"),
        ("rc web --port=80 --target-port=99999", "expose: containerPort: must be 1 to 65535"),
        ("rc web --port=80 --service-name=9", "expose: id: "),
        ("rc web --port=80 --selector=x", '--selector: "x" is neither KEY=VALUE nor KEY-'),
    ],
)
async def test_what_cannot_be_exposed_is_said(peapod: Run, api: Api, line: str, why: str) -> None:
    outcome = await peapod("expose", *line.split())
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.errors[0].startswith(f"error: {why}")
    assert await services(api) == {}
