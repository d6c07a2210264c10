"""Pages of other sites have browsers ask the gateway; it heeds its own pages, and whoever is no page."""

from __future__ import annotations

import http.client
import json

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

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
