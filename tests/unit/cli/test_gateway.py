"""Where a gateway is, and what is reached through it."""

from __future__ import annotations

import pytest

from peapod.common.errors import Invalid
from peapod.v1.service_pb2 import Service
from peapod_cli import gateway
from peapod_cli.clusterinfo import address, line


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://127.0.0.1:8080/", "http://[::1]:80", "http://h/base/"]
)
def test_addresses_of_gateways(url: str) -> None:
    assert gateway.checked(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["", "nowhere", "127.0.0.1:8080", "https://h", "http://", "http://h:x", "http://h:0", "http://h/?a", "http://h x"],
)
def test_what_is_no_address_of_a_gateway(url: str) -> None:
    with pytest.raises(Invalid, match="is no URL such as http://127"):
        gateway.checked(url)


@pytest.mark.parametrize(
    ("ips", "expected"),
    [
        ([], "http://h:1/api/v1beta1/proxy/services/web/?namespace=shop"),
        (["192.0.2.1", "192.0.2.2"], "http://192.0.2.1:80"),
        (["2001:db8::1"], "http://[2001:db8::1]:80"),
    ],
)
def test_a_service_is_reached_at_its_public_address_or_through_the_gateway(ips: list[str], expected: str) -> None:
    service = Service(
        metadata={"name": "web", "namespace": "shop"}, spec={"external_ips": ips, "ports": [{"port": 80}]}
    )
    assert address(service, "http://h:1") == expected


def test_colours_are_for_terminals() -> None:
    assert line("web", "h:1", colours=False) == "web is running at h:1"
    assert line("web", "h:1", colours=True) == "\x1b[32mweb\x1b[0m is running at \x1b[33mh:1\x1b[0m"
