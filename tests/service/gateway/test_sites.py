"""Pages of other sites have browsers ask the gateway; it heeds its own pages, and whoever is no page."""

from __future__ import annotations

import asyncio
import http.client
import json
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from peapod.gateway.config import GatewayConfig
from peapod.gateway.server import Gateway
from tests.support.apiserver import running_apiserver

BODY = json.dumps({"kind": "Secret", "apiVersion": "v1beta1", "id": "key"})


def post(rest: str, ns: str, **headers: str) -> int:
    connection = http.client.HTTPConnection(rest, timeout=10)
    try:
        connection.request("POST", f"/api/v1beta1/secrets?namespace={ns}", BODY, headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}], ids=str
)
def test_a_page_of_another_site_changes_nothing(rest: str, ns: str, headers: dict[str, str]) -> None:
    assert post(rest, ns, **headers) == 403
    assert post(rest, ns) == 201


def test_a_page_of_the_gateways_own_may(rest: str, ns: str) -> None:
    assert post(rest, ns, Origin=f"http://{rest}") == 201


def test_a_page_of_another_site_watches_nothing(rest: str) -> None:
    url = f"ws://{rest}/api/v1beta1/watch/pods"
    with pytest.raises(InvalidStatus) as refused, connect(url, origin="http://evil.example"):  # type: ignore[arg-type]
        pass
    assert refused.value.response.status_code == 403
    with connect(url, origin=f"http://{rest}"):  # type: ignore[arg-type]
        pass


def test_a_link_on_another_site_leads_here(rest: str) -> None:
    connection = http.client.HTTPConnection(rest, timeout=10)
    try:
        connection.request("GET", "/api", headers={"Sec-Fetch-Site": "cross-site"})
        assert connection.getresponse().status == 200
    finally:
        connection.close()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example"]
)
def test_a_name_that_was_made_to_lead_here_is_not_ours(rest: str, host: str) -> None:
    """A page whose own name leads here is, to its browser, a page of ours."""
    assert named(rest, host) == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:80", "10.0.0.1:1", ""])
def test_addresses_and_this_machine_are_known(rest: str, host: str) -> None:
    assert named(rest, host) == 200


def named(rest: str, host: str) -> int:
    connection = http.client.HTTPConnection(rest, timeout=10)
    try:
        connection.putrequest("GET", "/api/v1beta1/secrets", skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def test_an_origin_that_is_none_is_another_site(rest: str, ns: str) -> None:
    assert post(rest, ns, Origin="http://[") == 403


async def test_names_that_are_allowed_are_known(tmp_path: Path) -> None:
    async with running_apiserver(tmp_path / "db") as api:
        config = GatewayConfig(apiserver=api.address, address="127.0.0.1:0", allowed_hosts="gateway.example, other")
        gateway = Gateway(config)
        await gateway.start()
        try:
            answered = [
                await asyncio.to_thread(named, gateway.web.address, host)
                for host in ("gateway.example:80", "Other", "third", "localhost")
            ]
        finally:
            await gateway.stop()
    assert answered == [200, 200, 403, 200]
