"""Where the names of services are answered when nobody says where."""

from __future__ import annotations

import socket

import pytest

from peapod.common.address import HostPort
from peapod_cli.dns_address import ANY, choose


def test_what_is_asked_for_is_not_judged() -> None:
    said: list[str] = []
    assert choose("192.0.2.1:53", said.append) == "192.0.2.1:53"
    assert said == []


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_another_port_is_taken_where_the_usual_one_cannot_be_had(kind: socket.SocketKind) -> None:
    said: list[str] = []
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        usual = HostPort(*taken.getsockname())
        if kind == socket.SOCK_STREAM:
            taken.listen()
        assert choose("", said.append, usual) == str(ANY)
    assert said == [f"the names of services cannot be answered on {usual} (address already in use), and so not to pods"]
    assert choose("", said.append, usual) == str(usual)
    assert len(said) == 1
