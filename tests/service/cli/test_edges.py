"""What a command does when the world is unkind: one line, and never a trace."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys

import pytest

import peapod as package
from tests.service.cli.conftest import Outcome, Run, run, start
from tests.support.apiserver import Api

VERSION = package.__version__

POD = {
    "kind": "Pod",
    "apiVersion": "v1beta1",
    "desiredState": {"manifest": {"containers": [{"name": "c", "image": "i" * 200}]}},
}


async def test_version(peapod: Run) -> None:
    both = f"Client Version: {package.__version__}\nServer Version: {package.__version__} (apiserver)\n"
    assert await peapod("version") == Outcome(0, both, "")
    assert await run("127.0.0.1:1", "version", "-c") == Outcome(0, f"Client Version: {package.__version__}\n", "")


async def test_a_server_of_another_version_is_left_alone_when_that_is_wanted(
    peapod: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ("get", "pods", "--match-server-version", "--no-headers")
    assert await peapod(*line) == Outcome(0, "", "")
    monkeypatch.setattr(package, "__version__", "9.9")
    outcome = await peapod(*line)
    assert (outcome.status, len(outcome.errors)) == (1, 1)
    assert outcome.err.endswith(f"is of version 9.9, and this client of {VERSION}\n")
    assert (await peapod("--match-server-version", "config", "view")).status == 0


@pytest.mark.parametrize(
    "words", [["get", "pods"], ["get", "pods", "-w"], ["delete", "pod", "x"], ["log", "x"], ["version"]]
)
async def test_a_server_that_is_away(words: list[str]) -> None:
    outcome = await run("127.0.0.1:1", *words)
    assert outcome.status == 1
    assert outcome.errors == ["error: the server at 127.0.0.1:1 cannot be reached: Connection refused"]


async def test_a_server_that_is_no_server() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    outcome = await run(f"{host}:{port}", "get", "pods")
    server.close()
    assert (outcome.status, len(outcome.errors)) == (1, 1)
    assert outcome.err.startswith(f"error: the server at {host}:{port} cannot be reached: ")


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:x", "127.0.0.1:70000"])
async def test_an_address_that_is_none(address: str) -> None:
    outcome = await run("127.0.0.1:1", "--server", address, "get", "pods")
    assert (outcome.status, len(outcome.errors)) == (1, 1)
    assert outcome.err.startswith("error: ")


async def test_an_interrupt_is_quiet(api: Api) -> None:
    process = await start(api.address, "get", "ns", "-w")
    assert process.stdout
    await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert (process.returncode, err) == (-signal.SIGINT, b"")


async def test_a_reader_that_leaves_is_no_error(peapod: Run, api: Api) -> None:
    many = {"kind": "List", "apiVersion": "v1beta1", "items": [POD | {"id": f"p{number}"} for number in range(600)]}
    assert (await peapod("create", "-f", "-", stdin=json.dumps(many))).status == 0
    read, write = os.pipe()
    process = await start(api.address, "get", "pods", "-o", "json", stdout=write)
    os.close(write)
    await asyncio.to_thread(os.read, read, 10)
    os.close(read)
    _, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")


async def test_a_full_disk_is_said(api: Api) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    process = await start(api.address, "get", "ns", stdout=full)
    os.close(full)
    _, err = await process.communicate()
    assert process.returncode == 1
    assert err.decode().splitlines() == ["error: no space left on device"]


async def test_help_names_every_command(peapod: Run) -> None:
    outcome = await peapod("--help")
    for word in (
        "create",
        "get",
        "describe",
        "log",
        "delete",
        "version",
        "up",
        "apiserver",
        "kubelet",
        "dns",
        "gateway",
    ):
        assert f"\n    {word}" in outcome.out
    assert "--store" in (await peapod("apiserver", "--help")).out


async def test_a_wrong_flag_of_a_service_is_one_line() -> None:
    outcome = await run("127.0.0.1:1", "apiserver", "--history", "x")
    assert (outcome.status, outcome.err) == (2, "peapod apiserver: argument --history: 'x' is not a number\n")


async def test_a_command_starts_fast(api: Api) -> None:
    """Against what importing gRPC alone costs: nothing else that is slow may come along with `get`."""

    async def seconds(*command: str) -> float:
        begin = asyncio.get_running_loop().time()
        environment = os.environ | {"PEAPOD_SERVER": api.address}
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
        assert await process.wait() == 0
        return asyncio.get_running_loop().time() - begin

    ratios = []
    for _ in range(5):
        grpc = await seconds(sys.executable, "-c", "import grpc")
        ratios.append(await seconds(sys.executable, "-m", "peapod_cli", "get", "pods") / grpc)
    assert min(ratios) < 2.5, ratios
