"""The rules that bring connections from portals to backends, and refuse what nobody answers. Text, and nothing acts.

    nat     PREROUTING, OUTPUT -> PEAPOD-SERVICES -> PEAPOD-SVC-x (a portal) -> PEAPOD-SEP-y (one of its backends)
            POSTROUTING -> PEAPOD-POSTROUTING: whoever was marked on the way gets the node's address
    filter  INPUT, OUTPUT, FORWARD -> PEAPOD-REFUSED: what asks for a portal and was not brought anywhere
            FORWARD -> PEAPOD-FORWARD: what was brought somewhere may pass

The nat table sees the first packet of a connection alone; the others follow it, whatever becomes of the rules.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from peapod.proxy.portals import Backend, Portal

OURS = "PEAPOD-"
"""How the names of all our chains begin."""
SERVICES, MASQUERADE, POSTROUTING = f"{OURS}SERVICES", f"{OURS}MASQUERADE", f"{OURS}POSTROUTING"
REFUSED, FORWARD = f"{OURS}REFUSED", f"{OURS}FORWARD"

MARK = "0x10000/0x10000"
"""The bit of a packet's mark that asks for the node's address on the way out."""


class Jump(NamedTuple):
    """How packets come from a chain of the kernel's to one of ours; `match` says which."""

    chain: str
    to: str
    match: str = ""

    @property
    def rule(self) -> str:
        """The rule as iptables writes it."""
        return " ".join(filter(None, (self.match, f"-j {self.to}")))


@dataclass(frozen=True)
class Table:
    """What a table must hold of ours: the rules of each chain, in order, and the jumps that lead there."""

    name: str
    chains: Mapping[str, tuple[str, ...]]
    jumps: tuple[Jump, ...]


def tables(portals: Sequence[Portal], portal_net: str, *, masquerade_all: bool) -> tuple[Table, ...]:
    """Say what must hold for these portals. All of `portal_net` that no portal answers for refuses, if it is given.

    With `masquerade_all` backends see the node's address always, not only where their answers would go astray.
    """
    if not portals and not portal_net:
        return ()
    return _nat(portals, masquerade_all), _filter(portals, portal_net)


def portal_chain(portal: Portal) -> str:
    """Name the chain of a portal."""
    return f"{OURS}SVC-{_hash(portal.name, portal.protocol)}"


def backend_chain(portal: Portal, backend: Backend) -> str:
    """Name the chain of a portal's backend, and its list of clients."""
    return f"{OURS}SEP-{_hash(portal.name, portal.protocol, str(backend))}"


def _nat(portals: Sequence[Portal], masquerade_all: bool) -> Table:
    served = [portal for portal in portals if portal.backends]
    chains = {SERVICES: tuple(rule for portal in served for rule in _entries(portal))}
    for portal in served:
        chains[portal_chain(portal)] = tuple(_choices(portal, masquerade_all))
        chains |= {backend_chain(portal, backend): tuple(_delivery(portal, backend)) for backend in portal.backends}
    chains[MASQUERADE] = (f"-j MARK --or-mark {MARK.partition('/')[0]}",)
    chains[POSTROUTING] = (
        f"-m mark ! --mark {MARK} -j RETURN",
        f"-j MARK --xor-mark {MARK.partition('/')[0]}",
        # Over loopback the answer finds its way as it is, and loopback has no address to give.
        "! -o lo -j MASQUERADE",
    )
    jumps = (Jump("PREROUTING", SERVICES), Jump("OUTPUT", SERVICES), Jump("POSTROUTING", POSTROUTING))
    return Table("nat", chains, jumps)


def _entries(portal: Portal) -> Iterator[str]:
    for address in portal.portal_ips:
        yield f"{_asking(portal, address)} -j {portal_chain(portal)}"
    for address in portal.public_ips:
        # Who comes from outside must get its answer from here, whichever node the backend is on.
        yield f"{_asking(portal, address)} -j {MASQUERADE}"
        yield f"{_asking(portal, address)} -j {portal_chain(portal)}"


def _choices(portal: Portal, masquerade_all: bool) -> Iterator[str]:
    # The node's own connections begin with whichever address led to the portal, which need not be one for backends.
    yield f"-j {MASQUERADE}" if masquerade_all else f"-m addrtype --src-type LOCAL -j {MASQUERADE}"
    chains = [backend_chain(portal, backend) for backend in portal.backends]
    if portal.affinity_seconds:
        for chain in chains:
            known = f"-m recent --name {chain} --rcheck --seconds {portal.affinity_seconds} --reap"
            yield f"{known} -j {chain}"
    for left, chain in zip(range(len(chains), 0, -1), chains, strict=True):
        chance = f"-m statistic --mode random --probability {1 / left:.10f} " if left > 1 else ""
        yield f"{chance}-j {chain}"


def _delivery(portal: Portal, backend: Backend) -> Iterator[str]:
    # A backend that asks itself would else see its own address, and answer past us.
    yield f"-s {backend.address}/32 -j {MASQUERADE}"
    remember = f"-m recent --name {backend_chain(portal, backend)} --set " if portal.affinity_seconds else ""
    yield f"-p {portal.protocol} {remember}-j DNAT --to-destination {backend}"


def _filter(portals: Sequence[Portal], portal_net: str) -> Table:
    refused = [
        f"{_asking(portal, place.address)} -j REJECT --reject-with {_refusal(portal.protocol)}"
        for portal in portals
        if not portal.backends
        for place in portal.places
    ]
    if portal_net:
        refused.append(f"-d {portal_net} -p tcp -j REJECT --reject-with {_refusal('tcp')}")
        refused.append(f"-d {portal_net} -j REJECT --reject-with {_refusal('udp')}")
    passing = (
        f"-m mark --mark {MARK} -j ACCEPT",
        "-m conntrack --ctstate RELATED,ESTABLISHED -m conntrack --ctstate DNAT -j ACCEPT",
    )
    begins = "-m conntrack --ctstate NEW"
    jumps = (
        *(Jump(chain, REFUSED, begins) for chain in ("INPUT", "OUTPUT", "FORWARD")),
        Jump("FORWARD", FORWARD),
    )
    return Table("filter", {REFUSED: tuple(refused), FORWARD: passing}, jumps)


def _asking(portal: Portal, address: str) -> str:
    match = f"-d {address}/32 -p {portal.protocol} -m {portal.protocol} --dport {portal.port}"
    return f'{match} -m comment --comment "{portal.name}"'


def _refusal(protocol: str) -> str:
    return "tcp-reset" if protocol == "tcp" else "icmp-port-unreachable"


def _hash(*parts: str) -> str:
    return b32encode(hashlib.sha256("|".join(parts).encode()).digest()).decode()[:16]
