"""What the proxy refuses to be told."""

from __future__ import annotations

import pytest

from peapod.proxy.config import ProxyConfig


@pytest.mark.parametrize("net", ["", "10.254.0.0/16", "10.0.0.0/8"])
def test_a_network_of_portals_is_taken(net: str) -> None:
    assert ProxyConfig(portal_net=net).portal_net == net


@pytest.mark.parametrize("net", ["10.254.0.1/16", "portals", "2001:db8::/64", "0.0.0.0/0", "10.0.0.0/7"])
def test_what_is_no_network_or_far_too_wide_is_refused(net: str) -> None:
    with pytest.raises(ValueError, match="--portal-net must"):
        ProxyConfig(portal_net=net)


def test_the_pause_between_looks_is_positive() -> None:
    with pytest.raises(ValueError, match="--sync-seconds"):
        ProxyConfig(sync_seconds=0)
