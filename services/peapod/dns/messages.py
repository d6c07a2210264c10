"""Questions and answers as messages of DNS: reading, judging, writing. Nothing here waits."""

from __future__ import annotations

import struct

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
from dns.message import Message
from dns.rcode import Rcode
from dns.rrset import RRset

from peapod.dns.zone import Found

UDP_LEAST, UDP_MOST = 512, 1232
"""Bytes of an answer over UDP: what everyone takes, and what passes through every network in one piece."""
TCP_MOST = 65535

_HEADER = struct.Struct("!6H")
_OPCODE = 0x7800
_EXTENDED = 15
"""Codes beyond this one have no place in the header of an answer."""


class NoAnswer(Exception):
    """What came deserves no answer: it is too short for a question, or is an answer itself."""


class Refused(Exception):
    """What came is answered at once, by `reply`."""

    def __init__(self, reply: bytes) -> None:
        super().__init__()
        self.reply = reply


def read(packet: bytes) -> Message:
    """Read a packet with one question; raises `NoAnswer` and `Refused`."""
    if len(packet) < _HEADER.size or _flags(packet) & dns.flags.QR:
        raise NoAnswer
    if dns.opcode.from_flags(_flags(packet)) != dns.opcode.QUERY:
        raise Refused(header(packet, dns.rcode.NOTIMP))
    try:
        query = dns.message.from_wire(packet)
    except (dns.exception.DNSException, ValueError):
        raise Refused(header(packet, dns.rcode.FORMERR)) from None
    if len(query.question) != 1:
        raise Refused(header(packet, dns.rcode.FORMERR))
    if (code := _objection(query)) is not None:
        raise Refused(write(reply(query, code), query, datagram=True))
    return query


def question(query: Message) -> RRset:
    """Name what is asked."""
    return query.question[0]


def header(packet: bytes, code: Rcode) -> bytes:
    """Answer with no more than a code what may not even be readable."""
    kept = _flags(packet) & (_OPCODE | dns.flags.RD)
    number = int.from_bytes(packet[:2], "big")
    return _HEADER.pack(number, dns.flags.QR | dns.flags.RA | kept | code, 0, 0, 0, 0)


def reply(query: Message, code: Rcode) -> Message:
    """Begin an answer."""
    made = dns.message.make_response(query, recursion_available=True, our_payload=UDP_MOST)
    made.flags |= query.flags & dns.flags.CD
    made.set_rcode(code)
    return made


def own(query: Message, found: Found) -> Message:
    """Answer with what the zone has."""
    made = reply(query, found.rcode)
    made.flags |= dns.flags.AA
    made.answer, made.authority, made.additional = list(found.answer), list(found.authority), list(found.additional)
    return made


def relayed(query: Message, answer: Message) -> Message:
    """Hand on another server's answer."""
    code = answer.rcode()
    made = reply(query, code if code <= _EXTENDED else dns.rcode.SERVFAIL)
    made.flags |= answer.flags & (dns.flags.AA | dns.flags.AD)
    made.answer, made.authority, made.additional = answer.answer, answer.authority, answer.additional
    return made


def write(answer: Message, query: Message, *, datagram: bool) -> bytes:
    """Write an answer; one that is too long for a datagram says so, and is asked for again over TCP."""
    taken = query.payload if query.edns >= 0 else UDP_LEAST
    most = min(UDP_MOST, max(UDP_LEAST, taken)) if datagram else TCP_MOST
    return answer.to_wire(max_size=most, prefer_truncation=True)


def _objection(query: Message) -> Rcode | None:
    """Say why a question is not answered."""
    asked = question(query)
    if query.edns > 0:
        return dns.rcode.BADVERS
    if asked.rdclass != dns.rdataclass.IN:
        return dns.rcode.REFUSED
    if asked.rdtype != dns.rdatatype.ANY and dns.rdatatype.is_metatype(asked.rdtype):
        return dns.rcode.REFUSED
    return None


def _flags(packet: bytes) -> int:
    return int.from_bytes(packet[2:4], "big")
