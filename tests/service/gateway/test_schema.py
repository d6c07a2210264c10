"""The schema that the gateway tells, held against what it answers."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from peapod.gateway.config import GatewayConfig
from peapod.gateway.server import Gateway
from tests.support.apiserver import running_apiserver


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    async with running_apiserver(tmp_path / "db") as api:
        gateway = Gateway(GatewayConfig(apiserver=api.address, address="127.0.0.1:0"))
        await gateway.start()
        try:
            yield gateway.web.address
        finally:
            await gateway.stop()


async def get(address: str, path: str) -> tuple[int, Any]:
    return await asyncio.to_thread(_get, address, path)


def _get(address: str, path: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        data = answer.read()
        is_json = answer.headers["content-type"] == "application/json"
        return answer.status, json.loads(data) if is_json else data.decode()
    finally:
        connection.close()


async def test_the_listing_leads_to_every_version(address: str) -> None:
    status, listing = await get(address, "/swaggerapi/")
    assert status == 200
    for api in listing["apis"]:
        status, declaration = await get(address, f"/swaggerapi{api['path']}")
        assert (status, declaration["swaggerVersion"]) == (200, "1.2")
        assert declaration["basePath"] == f"http://{address}"


async def test_there_is_no_schema_of_what_there_is_not(address: str) -> None:
    assert await get(address, "/swaggerapi/api/v9") == (404, "404: Page Not Found")


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2", "v1beta3"])
async def test_every_collection_of_the_schema_is_served(address: str, version: str) -> None:
    _, declaration = await get(address, f"/swaggerapi/api/{version}")
    listed = [
        (api["path"], operation["type"])
        for api in declaration["apis"]
        for operation in api["operations"]
        if operation["method"] == "GET" and operation["type"].endswith("List")
    ]
    assert len(listed) >= 10
    for path, kind in listed:
        status, answer = await get(address, path.replace("{namespace}", "default"))
        assert (status, answer["kind"]) == (200, kind.rpartition(".")[2])


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2", "v1beta3"])
async def test_every_path_of_the_schema_leads_somewhere(address: str, version: str) -> None:
    """Never to the text that says there is no such path."""
    _, declaration = await get(address, f"/swaggerapi/api/{version}")
    for api in declaration["apis"]:
        path = api["path"].replace("{namespace}", "default").replace("{name}", "x").replace("{path}", "y")
        if "GET" in {operation["method"] for operation in api["operations"]} and "watch" not in path:
            assert await get(address, path) != (404, "404: Page Not Found"), path
