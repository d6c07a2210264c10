"""How watches end that their clients did not leave: too old, too slow, or without an apiserver (v1beta1.md, 4.8)."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from peapod.common import address as addresses
from peapod.common.watching import lane
from peapod.gateway import watches
from peapod.gateway.server import Gateway
from peapod_cli.simulation.memory import resident_bytes
from tests.support.apiserver import OwnApi, running_apiserver
from tests.support.gateway import Pair, running_own_gateway, running_pair
from tests.support.raw_http import SECONDS, ask, ask_again, event, everything, watching
from tests.support.rest_documents import pod

API = "/api/v1beta1"
PODS = f"{API}/pods"
END = b"\r\n0\r\n\r\n"
"""The last chunk, which nobody sees whose watch was cut off."""


@pytest.fixture
async def forgetful(tmp_path: Path) -> AsyncIterator[Pair]:
    """A pair of its own whose gateway remembers five changes of each kind."""
    async with running_pair(tmp_path, gateway=["--history", "5"]) as running:
        yield running


def labelled(rest: str, name: str, value: int) -> Any:
    answer = ask_again(rest, "PATCH", f"{PODS}/{name}", {"labels": {"n": str(value)}})
    assert answer.status == 200, answer.body
    return answer.json


def test_a_watch_from_too_long_ago_says_so_and_ends(forgetful: Pair) -> None:
    rest = forgetful.address
    first = ask(rest, "POST", PODS, pod("a")).json
    changed = [labelled(rest, "a", number) for number in range(10)]
    with watching(rest, f"{API}/watch/pods?resourceVersion={first['resourceVersion']}") as watch:
        kind, said = event(watch)
        assert kind == "ERROR"
        assert list(said) == ["kind", "creationTimestamp", "apiVersion", "status", "message", "reason", "code"]
        assert (said["kind"], said["status"], said["code"], said["reason"]) == ("Status", "Failure", 410, "Gone")
        assert watch.read() == b""
    with watching(rest, f"{API}/watch/pods?resourceVersion={changed[-3]['resourceVersion']}") as watch:
        assert [event(watch)[1], event(watch)[1]] == changed[-2:]


async def test_a_watch_lives_through_the_death_of_the_apiserver_or_says_that_it_missed_something(
    forgetful: Pair,
) -> None:
    rest = forgetful.address
    made = (await asyncio.to_thread(ask, rest, "POST", PODS, pod("a"))).json

    def follow() -> list[int]:
        """Take every change of the label, listing again when that is asked for; return the values in their order."""
        seen, since = [0], made["resourceVersion"]
        while seen[-1] != 20:
            with watching(rest, f"{API}/watch/pods?resourceVersion={since}") as watch:
                while seen[-1] != 20 and (line := watch.readline()):
                    change = json.loads(line)
                    if change["type"] == "ERROR":
                        assert change["object"]["code"] in (410, 503)
                        break
                    seen.append(int(change["object"]["labels"]["n"]))
                    since = change["object"]["resourceVersion"]
            if seen[-1] != 20:
                listed = ask(rest, "GET", PODS)
                if listed.status == 200:
                    (found,) = listed.json["items"]
                    seen.append(int(found["labels"]["n"]))
                    since = listed.json["resourceVersion"]
        return seen

    watcher = asyncio.create_task(asyncio.to_thread(follow))
    for number in range(1, 21):
        await asyncio.to_thread(labelled, rest, "a", number)
        if number in (7, 14):
            await forgetful.apiserver.kill()
            await forgetful.apiserver.start()
    seen = await watcher
    assert seen == sorted(seen)
    assert {1, 20} <= set(seen)


async def test_what_a_watcher_does_not_read_is_kept_only_up_to_a_bound(forgetful: Pair) -> None:
    rest = forgetful.address
    secret = {"id": "a", "data": {"key": base64.b64encode(os.urandom(1 << 20)).decode()}}
    made = await asyncio.to_thread(ask, rest, "POST", f"{API}/secrets", secret)
    assert made.status == 201
    before = resident_bytes(forgetful.gateway.pid)
    with _unread(rest, "secrets"):
        for number in range(300):
            changed = await asyncio.to_thread(ask, rest, "PATCH", f"{API}/secrets/a", {"labels": {"n": str(number)}})
            assert changed.status == 200
        # The watcher would have to read 420 MiB by now.
        assert resident_bytes(forgetful.gateway.pid) - before < lane.KEEP_BYTES + (256 << 20)


async def test_writes_and_reads_say_that_the_apiserver_is_gone(forgetful: Pair) -> None:
    rest = forgetful.address
    await asyncio.to_thread(ask, rest, "POST", PODS, pod("a"))
    await forgetful.apiserver.kill()
    fresh = {"Cache-Control": "no-cache"}
    for method, body, headers in (("POST", pod("b"), {}), ("DELETE", None, {}), ("GET", None, fresh)):
        path = PODS if method == "POST" else f"{PODS}/a"
        answer = await asyncio.to_thread(ask, rest, method, f"{path}?timeout=1s", body, headers)
        assert (answer.status, answer.json["reason"]) in ((503, "ServiceUnavailable"), (504, "Timeout")), answer.body
        if answer.status == 503:
            assert answer.headers["Retry-After"] == "1"
            assert answer.json["details"]["retryAfterSeconds"] == 1
    assert (await asyncio.to_thread(ask, rest, "GET", "/healthz")).status == 500
    await forgetful.apiserver.start()
    assert (await asyncio.to_thread(ask_again, rest, "GET", f"{PODS}/a", None, fresh)).status == 200


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[OwnApi]:
    async with running_apiserver(tmp_path / "db") as running:
        yield running


@pytest.fixture
async def gateway(api: OwnApi) -> AsyncIterator[Gateway]:
    """A gateway in this process."""
    async with running_own_gateway(api.address) as running:
        yield running


async def _write_much(rest: str, bytes_at_least: int) -> None:
    annotations = {"long": "x" * 60_000}
    made = await asyncio.to_thread(ask, rest, "POST", PODS, pod("a", annotations=annotations))
    assert made.status == 201
    for number in range(bytes_at_least // 60_000):
        await asyncio.to_thread(labelled, rest, "a", number)


def _unread(rest: str, resource: str = "pods") -> socket.socket:
    """Open a watch of which nothing is read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(SECONDS)
    connection.connect(addresses.parse(rest))
    connection.sendall(f"GET {API}/watch/{resource} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


async def test_a_watcher_that_does_not_read_is_cut_off(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "READ_SECONDS", 0.3)
    rest = gateway.web.address
    with _unread(rest) as slow:
        await _write_much(rest, 20 << 20)
        read = await asyncio.to_thread(everything, slow)
        assert b'"n":"1"' in read
        assert not read.endswith(END)
        assert len(read) < 20 << 20


async def test_a_watcher_that_falls_too_far_behind_is_cut_off_and_others_are_not(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "KEEP_BYTES", 1 << 20)
    rest = gateway.web.address

    def read() -> list[str]:
        with watching(rest, f"{API}/watch/pods") as quick:
            return [event(quick)[0] for _ in range(301)]

    with _unread(rest) as slow:
        kinds, _ = await asyncio.gather(asyncio.to_thread(read), _write_much(rest, 300 * 60_000))
        assert kinds == ["ADDED", *["MODIFIED"] * 300]
        assert not (await asyncio.to_thread(everything, slow)).endswith(END)
