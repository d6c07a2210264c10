"""Ports on a command line."""

from __future__ import annotations

import socket

import pytest

from peapod.common.errors import Invalid, Unavailable
from peapod_cli import listeners
from peapod_cli.port_forward import Port, read_ports


def test_ports() -> None:
    words = ["80", "8080:80", ":80", "0:80", "65535:1"]
    assert read_ports(words) == [Port(80, 80), Port(8080, 80), Port(0, 80), Port(0, 80), Port(65535, 1)]


@pytest.mark.parametrize("word", ["", ":", "80:", "0", ":0", "-1", "65536", "99999:80", "1:2:3", "http", "٨٠", "1 "])
def test_what_is_no_port(word: str) -> None:
    with pytest.raises(Invalid, match="is no port such as 80, 8080:80 or :80"):
        read_ports(["80", word])


def test_listeners_share_one_port_on_all_addresses_of_loopback() -> None:
    found = listeners.open_on_loopback(0)
    try:
        assert len({listener.getsockname()[1] for listener in found}) == 1
        assert listeners.name(found[0]) == f"127.0.0.1:{found[0].getsockname()[1]}"
    finally:
        for listener in found:
            listener.close()


def test_a_port_that_is_taken_on_one_address_is_not_had_on_the_other() -> None:
    try:
        taken = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"there is no ::1 here: {error}")
    with taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"cannot listen on port {port} of ::1: Address already in use"):
            listeners.open_on_loopback(port)
    for listener in listeners.open_on_loopback(port):
        listener.close()
