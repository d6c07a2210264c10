"""What containers are told about services."""

from __future__ import annotations

import asyncio

import pytest

from peapod.common.informer import Informer
from peapod.kubelet.naming import spec_hash
from peapod.kubelet.services import SNAPSHOT_SECONDS, Services, variables, visible, with_variables
from peapod.kubelet.sources.source import API
from peapod.v1 import pod_pb2
from peapod.v1.service_pb2 import Service
from tests.support.pods import make_pod
from tests.support.service_objects import UDP, make_headless, make_service

REDIS = make_service("redis-master", "10.0.0.11", port=6379)


def test_a_service_is_told_as_a_link_between_containers_was() -> None:
    assert variables([REDIS]) == {
        "REDIS_MASTER_SERVICE_HOST": "10.0.0.11",
        "REDIS_MASTER_SERVICE_PORT": "6379",
        "REDIS_MASTER_PORT": "tcp://10.0.0.11:6379",
        "REDIS_MASTER_PORT_6379_TCP": "tcp://10.0.0.11:6379",
        "REDIS_MASTER_PORT_6379_TCP_PROTO": "tcp",
        "REDIS_MASTER_PORT_6379_TCP_PORT": "6379",
        "REDIS_MASTER_PORT_6379_TCP_ADDR": "10.0.0.11",
    }


def test_the_protocol_and_a_long_address_show() -> None:
    found = variables([make_service("dns", "fd00::10", port=53, protocol=UDP)])
    assert found["DNS_PORT_53_UDP"] == found["DNS_PORT"] == "udp://[fd00::10]:53"
    assert (found["DNS_PORT_53_UDP_PROTO"], found["DNS_SERVICE_HOST"]) == ("udp", "fd00::10")


@pytest.mark.parametrize("service", [make_headless("db"), make_service("db")])
def test_a_service_without_a_portal_ip_is_not_told(service: Service) -> None:
    assert variables([service]) == {}


def test_pods_are_told_of_their_namespace_and_of_the_masters_services() -> None:
    ours, theirs = make_service("web", "10.0.0.12", namespace="team"), make_service("web", "10.0.0.13")
    master = [make_service("kubernetes", "10.0.0.2"), make_service("kubernetes-ro", "10.0.0.1")]
    assert visible("team", [theirs, ours, *master]) == [*master, ours]
    assert visible("default", [theirs, ours, *master]) == [*master, theirs]


@pytest.mark.parametrize("turned", [False, True])
def test_a_namespace_may_have_services_of_the_masters_names(turned: bool) -> None:
    own = make_service("kubernetes", "10.0.0.20", namespace="team")
    services = [own, make_service("kubernetes", "10.0.0.2")]
    assert visible("team", services[::-1] if turned else services) == [own]


def test_what_the_container_sets_itself_wins_and_stands_last() -> None:
    pod = make_pod()
    container = pod.spec.containers[0]
    container.env.add(name="B", value="own")
    container.env.add(name="LAST", value="$(B)")
    before = spec_hash(pod.spec)
    told = with_variables(container, {"A": "1", "B": "2"})
    assert [(one.name, one.value) for one in told.env] == [("A", "1"), ("B", "own"), ("LAST", "$(B)")]
    assert (told.name, told.image) == (container.name, container.image)
    assert spec_hash(pod.spec) == before


def test_without_services_a_container_stays_as_it_is() -> None:
    container = pod_pb2.Container(name="a", env=[pod_pb2.EnvVar(name="A", value="1")])
    assert with_variables(container, {}) == container


class Waiting(Informer[Service]):
    """An informer that has heard nothing yet, and tells when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__(None, name="services")  # type: ignore[arg-type]
        self.waited = asyncio.Event()

    async def synced(self) -> None:
        self.waited.set()
        await super().synced()

    def hear(self, *services: Service) -> None:
        self._take_all({(one.metadata.namespace, one.metadata.name): one for one in services}, 1, "s")
        self._advance(1, "s")


async def test_a_container_waits_until_services_are_known() -> None:
    informer = Waiting()
    asked = asyncio.create_task(Services(informer).variables("default", API))
    await informer.waited.wait()
    informer.hear(REDIS)
    assert (await asked)["REDIS_MASTER_SERVICE_HOST"] == "10.0.0.11"


async def test_a_static_pod_does_not_wait_for_an_apiserver_that_has_long_been_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [100.0]
    services = Services(Waiting(), lambda: now[0])
    now[0] += SNAPSHOT_SECONDS
    async with asyncio.timeout(SNAPSHOT_SECONDS / 2):
        assert await services.variables("default", "file") == {}
    assert "the services are not known yet" in caplog.text
