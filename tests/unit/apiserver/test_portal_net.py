"""Which addresses a net of portal IPs has."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from peapod.apiserver.config import ApiserverConfig
from peapod.apiserver.portal_net import PortalNet


@pytest.mark.parametrize("text", ["", "10.0.0.0/30", "10.0.0.0/7", "10.0.0.1/24", "fd00::/64", "net"])
def test_what_is_no_net_to_take_addresses_from_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="--portal-net must be a net"):
        ApiserverConfig(portal_net=text)


@pytest.mark.parametrize("text", ["10.0.0.0/24", "172.16.8.0/29"])
def test_every_address_but_those_that_are_kept_is_drawn_once(text: str) -> None:
    net, taken = PortalNet(text), set[str]()
    while (address := net.draw(taken)) is not None:
        assert address in net
        assert address not in taken
        taken.add(address)
    first, one, two, *rest, last = map(str, IPv4Network(text))
    assert taken == set(rest)
    assert one in net
    assert two in net
    assert first not in net
    assert last not in net


def test_other_addresses_are_not_of_the_net() -> None:
    net = PortalNet("10.0.0.0/24")
    assert not any(text in net for text in ("10.0.1.1", "::a00:5", "None", "", "10.0.0.07"))
