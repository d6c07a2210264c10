"""`peapod apiversions`, `clusterinfo` and `namespace`."""

from __future__ import annotations

import asyncio
import json

import pytest

from peapod.codec.versions import VERSIONS
from peapod.gateway.config import GatewayConfig
from peapod.gateway.server import Gateway
from tests.service.cli.conftest import Outcome, Run, run
from tests.support.apiserver import Api


async def test_the_versions_that_the_gateway_speaks(api: Api) -> None:
    gateway = Gateway(GatewayConfig(apiserver=api.address, address="127.0.0.1:0"))
    await gateway.start()
    for word in ("apiversions", "api-versions"):
        outcome = await run("", word, "--gateway", f"http://{gateway.web.address}")
        assert outcome == Outcome(0, f"Available Server Api Versions: {','.join(VERSIONS)}\n", "")
    await gateway.stop()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "the gateway at {url} answers 404 Not Found"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno",
            "what listens at {url} is no Peapod gateway: /api is no JSON",
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
            "what listens at {url} is no Peapod gateway: /api names no",
        ),
        (b"gibberish\r\n\r\n", "the gateway at {url} cannot be reached: gibberish"),
        (b"", "the gateway at {url} cannot be reached: remote end closed connection without response"),
    ],
)
async def test_what_is_no_gateway_is_said(answer: bytes, why: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = "http://{}:{}".format(*server.sockets[0].getsockname())
    outcome = await run("", "apiversions", "--gateway", url)
    server.close()
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert outcome.err.startswith(f"error: {why.format(url=url)}")


async def test_a_gateway_that_is_away_is_said() -> None:
    outcome = await run("", "apiversions", "--gateway", "http://127.0.0.1:1")
    assert outcome == Outcome(1, "", "error: the gateway at http://127.0.0.1:1 cannot be reached: connection refused\n")


async def test_where_the_cluster_and_its_own_services_are(peapod: Run, api: Api) -> None:
    own = {"labels": {"kubernetes.io/cluster-service": "true"}, "kind": "Service", "apiVersion": "v1beta1", "port": 80}
    named = own | {"id": "b", "labels": own["labels"] | {"kubernetes.io/name": "Pages"}, "publicIPs": ["192.0.2.1"]}
    text = "".join(json.dumps(service) for service in (own | {"id": "a"}, named, own | {"id": "c", "labels": {}}))
    assert (await peapod("create", "-f", "-", stdin=text)).err == ""
    assert (await peapod("clusterinfo", "--gateway", "http://127.0.0.1:8080/")).out.splitlines() == [
        f"Kubernetes master is running at {api.address}",
        "a is running at http://127.0.0.1:8080/api/v1beta1/proxy/services/a/?namespace=default",
        "Pages is running at http://192.0.2.1:80",
    ]


async def test_namespace_is_an_error_that_says_what_to_do() -> None:
    outcome = await run("", "namespace", "shop")
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert "peapod config set-context NAME --namespace=NAMESPACE" in outcome.err
