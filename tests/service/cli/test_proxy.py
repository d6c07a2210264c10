"""`peapod proxy`, before a real gateway and before servers that behave badly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from peapod.gateway.config import GatewayConfig
from peapod.gateway.server import Gateway
from tests.service.cli.conftest import run, start
from tests.support.apiserver import Api

POD = {
    "kind": "Pod",
    "apiVersion": "v1beta1",
    "id": "web",
    "desiredState": {"manifest": {"version": "v1beta2", "containers": [{"name": "c", "image": "peapod-test/none:1"}]}},
}


@pytest.fixture
async def gateway(api: Api) -> AsyncIterator[str]:
    """A gateway's address."""
    gateway = Gateway(GatewayConfig(apiserver=api.address, address="127.0.0.1:0"))
    await gateway.start()
    yield f"http://{gateway.web.address}"
    await gateway.stop()


@asynccontextmanager
async def proxy(gateway: str, *flags: str) -> AsyncGenerator[tuple[httpx.AsyncClient, asyncio.subprocess.Process]]:
    """A client of the command, and its process."""
    process = await start("", "proxy", "--gateway", gateway, "--port=0", *flags)
    assert process.stdout
    line = (await process.stdout.readline()).decode()
    assert line.startswith("Starting to serve on 127.0.0.1:"), (await process.communicate())[1]
    async with httpx.AsyncClient(base_url=f"http://{line.split()[-1]}", trust_env=False) as client:
        yield client, process
    process.terminate()
    _, err = await process.communicate()
    assert b"Traceback" not in err


async def test_requests_and_answers_are_passed_on(gateway: str) -> None:
    async with proxy(gateway) as (client, _):
        created = await client.post("/api/v1beta1/pods?namespace=default", content=json.dumps(POD))
        assert created.status_code in (200, 201), created.text
        assert (await client.get("/api/v1beta1/pods/web?namespace=default")).json()["id"] == "web"
        listed = await client.get("/api/v1beta1/pods", params={"labels": "a=b"})
        assert listed.json()["items"] == []
        missing = await client.get("/api/v1beta1/pods/none?namespace=default")
        assert (missing.status_code, missing.json()["kind"]) == (404, "Status")
        assert (await client.get("/other")).status_code == 404
        assert (await client.get("/api/v1beta1/pods", headers={"host": "evil.example"})).status_code == 400
        for origin, status in (("http://evil.example", 403), ("null", 403), ("http://localhost:8001", 200)):
            assert (await client.get("/api/v1beta1/pods", headers={"origin": origin})).status_code == status


async def test_a_watch_flows_through_as_it_happens(gateway: str) -> None:
    async with proxy(gateway) as (client, _):
        path = "/api/v1beta1/watch/pods?namespace=default&resourceVersion=0"
        async with client.stream("GET", path, timeout=30) as stream:
            lines = stream.aiter_lines()
            await client.post("/api/v1beta1/pods?namespace=default", content=json.dumps(POD))
            event = json.loads(await anext(lines))
        assert (event["type"], event["object"]["id"]) == ("ADDED", "web")


async def test_a_websocket_is_passed_on() -> None:
    """What is behind it is the gateway's affair: here a server that says everything again."""

    async def echo(socket: ServerConnection) -> None:
        async for message in socket:
            await socket.send(message)

    async with serve(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with proxy(f"http://127.0.0.1:{port}") as (client, _):
            url = str(client.base_url).replace("http", "ws")
            async with connect(f"{url}/api/v1beta1/x", proxy=None) as socket:
                await socket.send(b"hello")
                assert await socket.recv() == b"hello"
            with pytest.raises(InvalidStatus, match="403"):
                await connect(f"{url}/api/v1beta1/x", proxy=None, origin=Origin("http://evil.example"))


async def test_prefixes_and_files(gateway: str, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("hello")
    (tmp_path / "secret").write_text("no")
    flags = ("--api-prefix=k8s-api", "--www", str(tmp_path / "site"), "-P", "/")
    async with proxy(gateway, *flags) as (client, _):
        assert (await client.get("/k8s-api/v1beta1/pods")).json()["kind"] == "PodList"
        assert (await client.get("/")).text == "hello"
        assert (await client.get("/api/v1beta1/pods")).status_code == 404
        assert (await client.get("/%2e%2e/secret")).status_code == 404


async def test_a_body_is_passed_on_while_it_is_still_being_sent_and_a_client_that_leaves_is_heard_of() -> None:
    heard, left = asyncio.Event(), asyncio.Event()

    async def answer_badly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"first")
        heard.set()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nso far")
        await reader.read()
        left.set()
        writer.close()

    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        await heard.wait()
        yield b"second"

    server = await asyncio.start_server(answer_badly, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with proxy(f"http://{host}:{port}") as (client, _), asyncio.timeout(30):
        async with client.stream("PUT", "/api/x", content=body()) as answer:
            assert await anext(answer.aiter_raw()) == b"so far"
        await left.wait()
    server.close()


async def test_a_gateway_that_is_away_or_breaks_off_is_said() -> None:
    async def answer_badly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort")
        writer.close()

    async with proxy("http://127.0.0.1:1") as (client, process):
        answer = await client.get("/api/v1beta1/pods")
        assert (answer.status_code, process.returncode) == (503, None)
        assert answer.text.startswith("Error: 'connection refused'\nTrying to reach: 'http://127.0.0.1:1/api/")
    server = await asyncio.start_server(answer_badly, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with proxy(f"http://{host}:{port}") as (client, _):
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/api/v1beta1/pods")
    server.close()


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--gateway", "nowhere"], 'the gateway "nowhere" is no URL such as http://127.0.0.1:8080'),
        (["--www", "/nowhere"], "--www: /nowhere is no directory"),
        (["--port", "70000"], "argument -p/--port: 70000 is no port: these are 0 to 65535"),
        (["--api-prefix", "{x}"], '"{x}" is no path such as /api/'),
        (["--www", ".", "--www-prefix", "api"], "--api-prefix and --www-prefix must differ"),
    ],
)
async def test_what_cannot_be_served_is_said(flags: list[str], why: str) -> None:
    outcome = await run("", "proxy", *flags)
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert outcome.err.startswith(f"error: {why}")


async def test_a_port_that_is_taken_is_said() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outcome = await run("", "proxy", "--port", str(port))
    server.close()
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert outcome.err.startswith(f"error: cannot listen on 127.0.0.1:{port}: address already in use")
