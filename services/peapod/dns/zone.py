"""All names of the cluster, and what is said of a name that is asked for. Nothing here waits, or knows of a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import dns.name
import dns.rrset
from dns.name import Name
from dns.rcode import NOERROR, NXDOMAIN, Rcode
from dns.rdata import Rdata
from dns.rdataclass import IN
from dns.rdatatype import AAAA, ANY, SOA, A, RdataType
from dns.rdtypes.ANY.SOA import SOA as SoaRecord
from dns.rdtypes.IN.SRV import SRV as SrvRecord
from dns.rrset import RRset

from peapod.common.follower import Key
from peapod.dns.records import Records

TTL = 30
"""Seconds for which an answer may be kept."""
NEGATIVE_TTL = 5
"""Seconds for which it may be kept that something is not there: a service that was just created is asked for soon."""
TARGETS_MOST = 20
"""Of how many services' places the addresses are told unasked."""

_REFRESH, _RETRY, _EXPIRE = 3600, 600, 86400
_SERIALS = 1 << 32


@dataclass(frozen=True)
class Found:
    """The sections of an answer."""

    rcode: Rcode
    answer: Sequence[RRset] = ()
    authority: Sequence[RRset] = ()
    additional: Sequence[RRset] = ()


class Zone:
    """The names below a domain, and, each a zone by itself, those of addresses (`...in-addr.arpa`) that are known.

    The serial number grows with each change; a zone that takes another's place begins with a later one.
    """

    def __init__(self, domain: Name, serial: int) -> None:
        self.domain = domain
        self._mailbox = dns.name.from_text("hostmaster", domain)
        self._serial = serial
        self._of: dict[Key, Records] = {}
        self._at: dict[Name, dict[Key, Sequence[Rdata]]] = {}
        self._above: Counter[Name] = Counter()
        self._made: dict[Name, Mapping[RdataType, RRset]] = {}

    def put(self, key: Key, records: Records) -> None:
        """Have an object's records be these, in place of all that it had; none is the object's end. Idempotent."""
        before = self._of.get(key, {})
        if records == before:
            return
        for name in {*before, *records}:
            self._made.pop(name, None)
        for name in before:
            self._take_out(name, key)
        for name, found in records.items():
            self._at.setdefault(name, {})[key] = tuple(found)
            self._above.update(self._between(name))
        self._of[key] = records
        if not records:
            del self._of[key]
        self._serial = (self._serial + 1) % _SERIALS

    def find(self, name: Name, kind: RdataType) -> Found | None:
        """Answer one question; None where others have to be asked."""
        apex = self._apex(name)
        if apex is None:
            return None
        there = self._sets(name)
        answer = [*there.values()] if kind == ANY else [there[kind]] if kind in there else []
        if answer:
            return Found(NOERROR, answer, additional=self._targets(answer))
        exists = name in self._at or name in self._above or name == self.domain
        return Found(NOERROR if exists else NXDOMAIN, authority=[self._soa(apex, NEGATIVE_TTL)])

    def _apex(self, name: Name) -> Name | None:
        if name.is_subdomain(self.domain):
            return self.domain
        return name if name in self._at else None

    def _sets(self, name: Name) -> Mapping[RdataType, RRset]:
        """Everything at a name. It is made once, for the pods of a large service are many."""
        if name not in self._made and name in self._at:
            self._made[name] = _by_type(name, chain.from_iterable(self._at[name].values()))
        found = self._made.get(name, {})
        return {**found, SOA: self._soa(name, TTL)} if name == self._apex(name) else found

    def _targets(self, answer: Iterable[RRset]) -> list[RRset]:
        """Say at once what would be asked next: where the targets of SRV records are."""
        places = [one for found in answer for one in found if isinstance(one, SrvRecord)]
        targets = islice(dict.fromkeys(one.target for one in places), TARGETS_MOST)
        return [found for name in targets for kind, found in self._sets(name).items() if kind in (A, AAAA)]

    def _soa(self, apex: Name, ttl: int) -> RRset:
        timers = (self._serial, _REFRESH, _RETRY, _EXPIRE, NEGATIVE_TTL)
        return dns.rrset.from_rdata(apex, ttl, SoaRecord(IN, SOA, self.domain, self._mailbox, *timers))

    def _take_out(self, name: Name, key: Key) -> None:
        del self._at[name][key]
        if not self._at[name]:
            del self._at[name]
        for above in self._between(name):
            self._above[above] -= 1
            if not self._above[above]:
                del self._above[above]

    def _between(self, name: Name) -> list[Name]:
        """The names between a name and the domain: they exist because something is below them."""
        found = []
        while name != self.domain and name.is_subdomain(self.domain):
            name = name.parent()
            found.append(name)
        return found


def _by_type(name: Name, records: Iterable[Rdata]) -> Mapping[RdataType, RRset]:
    found: dict[RdataType, list[Rdata]] = {}
    for record in records:
        found.setdefault(record.rdtype, []).append(record)
    return {kind: dns.rrset.from_rdata_list(name, TTL, of_kind) for kind, of_kind in found.items()}
