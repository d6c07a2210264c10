"""IP addresses as users write them."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def read_address(text: str) -> Address | None:
    """Read an IP address; None where it is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
