"""What the proxy can be told."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

from peapod.common.config import ServiceConfig, option
from peapod.proxy.open import MODES

WIDEST_NET = 8


@dataclass(frozen=True)
class ProxyConfig(ServiceConfig):
    """Make services reachable from this node and its pods."""

    apiserver: str = option("127.0.0.1:7070", "the apiserver's address, or several, separated by commas")
    address: str = option("127.0.0.1:0", "where to serve health and version; port 0 takes any that is free")
    mode: str = option(
        "auto", "who carries connections: the kernel, this process, or the kernel where that may be", choices=MODES
    )
    portal_net: str = option(
        "", "where portal IPs are from, as 10.254.0.0/16: with iptables, what is no service's is refused there"
    )
    sync_seconds: float = option(10.0, "how often to look whether somebody has undone what was made reachable")
    cleanup: bool = option(False, "remove all rules that a proxy has left in iptables, and end")

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.sync_seconds <= 0:
            raise ValueError("--sync-seconds must be positive")
        if self.portal_net:
            _check_net(self.portal_net)


def _check_net(text: str) -> None:
    try:
        net = IPv4Network(text)
    except ValueError as wrong:
        raise ValueError(f"--portal-net must be an IPv4 network: {wrong}") from None
    if net.prefixlen < WIDEST_NET:
        raise ValueError(f"--portal-net must not be wider than /{WIDEST_NET}: all of it is refused to everyone")
