"""Commands in pods, and connections to their ports, over WebSockets of a node."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.apiserver import OwnApi
from tests.support.fake_kubelet import BYE, CLOSED, ECHO, PIECE, FakeKubelet
from tests.support.forwarding import PATIENCE, Browser, put_pod
from tests.support.on_fake_kubelet import fake_node

PIECES = 1024
HELD_MOST = PIECES // 2
SUCCESS = {"metadata": {}, "status": "Success"}


@pytest.fixture(autouse=True)
async def kubelet(api: OwnApi) -> AsyncGenerator[FakeKubelet]:
    """Run a node n1 with the pod web, and a node n2 with the pod far."""
    async with fake_node(api) as kubelet, fake_node(api, "n2"):
        await put_pod(api, node="n1")
        await put_pod(api, "far", node="n2")
        yield kubelet


def opened(browser: Browser, path: str, **given: object) -> connect:
    return connect(f"ws://{browser.address}/api/v1beta1/proxy/minions/n1/{path}", proxy=None, **given)  # type: ignore[arg-type]


def running(browser: Browser, *command: str, flags: str = "input=1&output=1&error=1", **given: object) -> connect:
    words = "".join(f"&command={word}" for word in command)
    return opened(browser, f"exec/default/web/c?{flags}{words}", **given)


async def heard(socket: ClientConnection) -> bytes:
    async with asyncio.timeout(PATIENCE):
        message = await socket.recv()
    assert isinstance(message, bytes)
    return message


async def ended(socket: ClientConnection) -> tuple[object, int]:
    """Read the last frame, and the code of the end."""
    frame = await heard(socket)
    with pytest.raises(ConnectionClosed) as end:
        await heard(socket)
    assert frame[0] == 3
    assert end.value.rcvd is not None
    return json.loads(frame[1:]), end.value.rcvd.code


@pytest.mark.parametrize("protocol", ["channel.k8s.io", "v4.channel.k8s.io", "v5.channel.k8s.io", None])
async def test_a_command_is_talked_to_until_it_ends(
    browser: Browser, kubelet: FakeKubelet, protocol: str | None
) -> None:
    offered = ["unknown", protocol] if protocol else None
    async with running(browser, "cat", subprotocols=offered) as socket:
        assert socket.subprotocol == protocol
        await socket.send(b"\0abc")
        assert await heard(socket) == b"\1abc"
        await socket.send("\0text")
        assert await heard(socket) == b"\1text"
        await socket.send(b'\4{"Width": 80, "Height": 24}')
        assert await heard(socket) == b"\1"
    options = kubelet.targets[0].options
    assert (list(options.command), options.stdin, options.tty) == (["cat"], True, False)
    async with asyncio.timeout(PATIENCE):
        await kubelet.until(live=0)


async def test_the_exit_code_comes_last(browser: Browser) -> None:
    async with running(browser, "exit", "7") as socket:
        assert await heard(socket) == b"\2bye"
        status, code = await ended(socket)
        assert code == 1000
    assert isinstance(status, dict)
    assert (status["reason"], status["details"]["causes"][0]["message"]) == ("NonZeroExitCode", "7")
    async with running(browser, "exit", "0", flags="output=1") as socket:
        assert await ended(socket) == (SUCCESS, 1000)


async def test_no_call_is_left_when_a_command_ends(browser: Browser, kubelet: FakeKubelet) -> None:
    async with running(browser, "exit", "0", flags="output=1") as socket:
        await ended(socket)
    async with asyncio.timeout(PATIENCE):
        await kubelet.until(live=0)
    waiting = [task for task in asyncio.all_tasks() if "_consume_request_iterator" in repr(task)]
    if waiting:
        # The call of the kubelet ends before that of the gateway, which ends by itself if at all.
        _, left = await asyncio.wait(waiting, timeout=PATIENCE)
        assert not left


async def test_a_client_that_leaves_has_its_command_killed(browser: Browser, kubelet: FakeKubelet) -> None:
    async with running(browser, "hang") as socket:
        await kubelet.until(live=1)
        socket.transport.abort()
    async with asyncio.timeout(PATIENCE):
        await kubelet.until(live=0)


async def test_a_frame_that_means_nothing_is_named_and_ends_the_command(browser: Browser, kubelet: FakeKubelet) -> None:
    async with running(browser, "hang") as socket:
        await socket.send(b"\7x")
        status, code = await ended(socket)
    assert isinstance(status, dict)
    assert (status["status"], code) == ("Failure", 1003)
    assert "channel 7 is none that a client writes to" in status["message"]
    async with asyncio.timeout(PATIENCE):
        await kubelet.until(live=0)


async def test_output_waits_for_a_slow_client(browser: Browser, kubelet: FakeKubelet) -> None:
    async with running(browser, "flood", str(PIECES), max_queue=1, compression=None) as socket:
        assert await kubelet.written.halt() < HELD_MOST
        for _ in range(PIECES):
            assert await heard(socket) == b"\1" + PIECE
        assert await ended(socket) == (SUCCESS, 1000)


async def test_input_waits_for_a_command_that_does_not_read(browser: Browser, kubelet: FakeKubelet) -> None:
    async with running(browser, "deaf", compression=None) as socket:
        for sent in range(PIECES):
            sending = asyncio.ensure_future(socket.send(b"\0" + PIECE))
            if not kubelet.hear.is_set() and not (await asyncio.wait({sending}, timeout=2))[0]:
                assert sent < HELD_MOST
                kubelet.hear.set()
            await sending
        assert kubelet.hear.is_set()
    async with asyncio.timeout(PATIENCE):
        await kubelet.until(live=0)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("exec/default/web/c?command=cat", 400, b"You must specify at least 1 of stdin, stdout, stderr"),
        ("exec/default/web?command=cat&output=1", 400, b"Unexpected path /exec/default/web. Expected"),
        ("exec/default/none/c?command=cat&output=1", 404, b"Pod does not exist"),
        ("exec/default/far/c?command=cat&output=1", 404, b"Pod does not exist"),
        ("exec/default/web/d?command=cat&output=1", 404, b'Container "d" not found in Pod "web"'),
        ("portForward/default/web/uid/x?port=7", 400, b"Unexpected path"),
        ("portForward/default/web", 400, b"Unable to parse '' as a port"),
        ("portForward/default/far?port=7", 404, b"Pod does not exist"),
        (f"portForward/default/web?port={CLOSED}", 400, b"nothing listens there"),
        ("containerLogs/default/web/c", 400, b"is no WebSocket"),
    ],
)
async def test_what_cannot_be_opened_is_said_as_the_kubelet_did(
    browser: Browser, path: str, status: int, text: bytes
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await opened(browser, path)
    answer = refused.value.response
    assert answer.status_code == status
    assert text in bytes(answer.body or b"")


async def test_pages_of_other_sites_and_unknown_protocols_are_refused(browser: Browser) -> None:
    for given, status in (({"origin": "http://evil.example"}, 403), ({"subprotocols": ["base64.channel.k8s.io"]}, 400)):
        with pytest.raises(InvalidStatus) as refused:
            await running(browser, "cat", **given)
        assert refused.value.response.status_code == status
    async with running(browser, "exit", "0", origin=f"http://{browser.address}") as socket:
        assert await heard(socket) == b"\2bye"


async def test_a_connection_passes_bytes_both_ways(browser: Browser, kubelet: FakeKubelet) -> None:
    async with opened(browser, f"portForward/default/web?port={ECHO}") as socket:
        for data in (b"abc", bytes(range(256)), PIECE):
            await socket.send(data)
            assert await heard(socket) == data
    async with asyncio.timeout(PATIENCE):
        await kubelet.until(live=0)


async def test_a_connection_that_the_pod_closes_is_closed(browser: Browser) -> None:
    async with opened(browser, f"portForward/default/web?port={BYE}") as socket:
        assert await heard(socket) == b"bye"
        with pytest.raises(ConnectionClosed) as end:
            await heard(socket)
    assert end.value.rcvd is not None
    assert end.value.rcvd.code == 1000
