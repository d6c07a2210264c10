"""What monitors ask of a running gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from starlette.applications import Starlette

import peapod
from peapod.common.errors import Invalid, Unavailable
from peapod.gateway.config import GatewayConfig
from peapod.gateway.server import Gateway
from peapod.gateway.web import WebServer
from tests.support.apiserver import running_apiserver


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with running_apiserver(tmp_path / "db") as api:
        gateway = Gateway(GatewayConfig(apiserver=api.address, address="127.0.0.1:0"))
        await gateway.start()
        try:
            yield gateway
        finally:
            await gateway.stop()


async def get(gateway: Gateway, path: str) -> tuple[int, str]:
    return await asyncio.to_thread(_get, f"http://{gateway.web.address}{path}")


def _get(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=10) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


async def test_a_gateway_whose_apiserver_serves_is_well(gateway: Gateway) -> None:
    assert await get(gateway, "/healthz") == (200, "ok")
    assert await get(gateway, "/healthz/ping") == (200, "ok")
    status, text = await get(gateway, "/healthz?verbose")
    assert status == 200
    assert "[+]apiserver ok" in text


async def test_a_gateway_without_an_apiserver_is_not_well() -> None:
    gateway = Gateway(GatewayConfig(apiserver="127.0.0.1:1", address="127.0.0.1:0"))
    await gateway.start()
    try:
        status, text = await get(gateway, "/healthz")
        assert status == 500
        assert text.startswith("apiserver: UNAVAILABLE: ")
        assert await get(gateway, "/healthz/ping") == (200, "ok")
    finally:
        await gateway.stop()


async def test_the_version_has_the_form_that_clients_know(gateway: Gateway) -> None:
    status, text = await get(gateway, "/version")
    assert status == 200
    assert list(json.loads(text)) == ["major", "minor", "gitVersion", "gitCommit", "gitTreeState"]
    assert json.loads(text)["gitVersion"] == f"v{peapod.__version__}"


async def test_metrics_are_prometheus_text(gateway: Gateway) -> None:
    status, text = await get(gateway, "/metrics")
    assert status == 200
    assert "process_resident_memory_bytes" in text


async def test_an_address_that_is_taken_is_said(gateway: Gateway) -> None:
    other = Gateway(GatewayConfig(address=gateway.web.address))
    with pytest.raises(Unavailable, match="address already in use"):
        await other.start()
    await other.stop()


def test_others_cannot_reach_it_unless_that_is_allowed() -> None:
    with pytest.raises(Invalid, match="not a loopback address"):
        WebServer(Starlette(), "0.0.0.0:0")
