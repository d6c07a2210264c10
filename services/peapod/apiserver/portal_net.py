"""The addresses that services may have (v1beta1.md, 8)."""

from __future__ import annotations

import random
from collections.abc import Container
from ipaddress import IPv4Network

from peapod.rules.addresses import read_address

LARGEST, SMALLEST = 8, 29
"""The lengths that the net's prefix may have."""

_DRAWS = 1000
_KEPT = 2
"""How many of the first addresses are kept for the API's own services: given only to who asks for one by its name."""


class PortalNet:
    """A net of addresses, of which the first and the last are nobody's. Raises ValueError for what is no such net."""

    def __init__(self, text: str) -> None:
        try:
            self._net = IPv4Network(text)
        except ValueError as problem:
            raise ValueError(f"must be a net such as 10.0.0.0/24: {problem}") from None
        if not LARGEST <= self._net.prefixlen <= SMALLEST:
            raise ValueError(f"must be a net of /{LARGEST} to /{SMALLEST}, not {text}")

    def __str__(self) -> str:
        return str(self._net)

    def __contains__(self, address: str) -> bool:
        """Tell whether a service may have the address; it is written as IP addresses are."""
        found = read_address(address)
        outer = (self._net.network_address, self._net.broadcast_address)
        return found is not None and found in self._net and found not in outer

    def draw(self, taken: Container[str]) -> str | None:
        """Choose an address that is not taken, at random while that is quick, or None when there is none left."""
        first, last = 1 + _KEPT, self._net.num_addresses - 2
        for _ in range(_DRAWS):
            address = str(self._net[random.randint(first, last)])
            if address not in taken:
                return address
        return next((found for place in range(first, last + 1) if (found := str(self._net[place])) not in taken), None)
