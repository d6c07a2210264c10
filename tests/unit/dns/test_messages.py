"""Questions and answers, as they are on the wire."""

from __future__ import annotations

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.update
import pytest
from dns.message import Message
from hypothesis import given
from hypothesis import strategies as st

from peapod.dns import messages
from peapod.dns.messages import TCP_MOST, UDP_LEAST, UDP_MOST
from peapod.dns.zone import Found

NAME = "web.default.cluster.local."


def query(**options: object) -> Message:
    return dns.message.make_query(NAME, "A", **options)  # type: ignore[arg-type]


def refusal(packet: bytes) -> Message:
    with pytest.raises(messages.Refused) as caught:
        messages.read(packet)
    return dns.message.from_wire(caught.value.reply)


def outcome(packet: bytes) -> Message | bytes | None:
    try:
        return messages.read(packet)
    except messages.NoAnswer:
        return None
    except messages.Refused as refused:
        return refused.reply


def crowd(count: int) -> Found:
    addresses = [f"10.1.{number // 256}.{number % 256}" for number in range(count)]
    return Found(dns.rcode.NOERROR, [dns.rrset.from_text_list(NAME, 30, "IN", "A", addresses)])


def test_a_question_is_read() -> None:
    read = messages.read(query().to_wire())
    assert (messages.question(read).name.to_text(), messages.question(read).rdtype) == (NAME, dns.rdatatype.A)


@pytest.mark.parametrize("packet", [b"", b"x" * 11, dns.message.make_response(query()).to_wire()])
def test_what_deserves_no_answer(packet: bytes) -> None:
    with pytest.raises(messages.NoAnswer):
        messages.read(packet)


@pytest.mark.parametrize(
    ("packet", "code"),
    [
        (query().to_wire()[:-1], dns.rcode.FORMERR),
        (query().to_wire() + b"x", dns.rcode.FORMERR),
        (dns.message.Message(id=1).to_wire(), dns.rcode.FORMERR),
        (dns.update.UpdateMessage("cluster.local").to_wire(), dns.rcode.NOTIMP),
        (dns.message.make_query(NAME, "A", "CH").to_wire(), dns.rcode.REFUSED),
        (dns.message.make_query("cluster.local.", "AXFR").to_wire(), dns.rcode.REFUSED),
        (query(use_edns=1).to_wire(), dns.rcode.BADVERS),
    ],
)
def test_what_is_refused_at_once(packet: bytes, code: dns.rcode.Rcode) -> None:
    answer = refusal(packet)
    assert answer.rcode() == code
    assert answer.id == int.from_bytes(packet[:2], "big")
    assert answer.opcode() == (packet[2] >> 3) & 15
    assert answer.flags & dns.flags.QR


@given(st.binary(max_size=80))
def test_whatever_comes_is_read_or_refused(tail: bytes) -> None:
    for packet in (tail, query().to_wire()[:12] + tail):
        match outcome(packet):
            case bytes(reply):
                assert (reply[:2], reply[2] & 0x80) == (packet[:2], 0x80)
            case Message() as read:
                assert len(read.question) == 1


@pytest.mark.parametrize(
    ("asked", "most"),
    [
        (query(), UDP_LEAST),
        (query(use_edns=0, payload=100), UDP_LEAST),
        (query(use_edns=0, payload=600), 600),
        (query(use_edns=0, payload=4096), UDP_MOST),
    ],
)
def test_a_datagram_is_no_longer_than_its_reader_takes_and_says_what_is_missing(asked: Message, most: int) -> None:
    wire = messages.write(messages.own(asked, crowd(500)), asked, datagram=True)
    answer = dns.message.from_wire(wire)
    assert len(wire) <= most
    assert answer.flags & dns.flags.TC
    assert (answer.edns >= 0) == (asked.edns >= 0)
    whole = dns.message.from_wire(messages.write(messages.own(asked, crowd(500)), asked, datagram=False))
    assert not whole.flags & dns.flags.TC
    assert len(whole.answer[0]) == 500


def test_not_even_a_connection_takes_everything() -> None:
    wire = messages.write(messages.own(query(), crowd(5000)), query(), datagram=False)
    assert len(wire) <= TCP_MOST
    assert dns.message.from_wire(wire).flags & dns.flags.TC


def test_an_answer_of_ones_own_says_so() -> None:
    asked = query(use_edns=0)
    answer = messages.own(asked, crowd(1))
    assert answer.flags & dns.flags.AA
    assert answer.flags & dns.flags.RA
    assert (answer.id, answer.payload) == (asked.id, UDP_MOST)


def test_anothers_answer_is_handed_on_without_what_was_not_asked_for() -> None:
    theirs = dns.message.make_response(query(use_edns=0))
    theirs.answer = list(crowd(2).answer)
    theirs.flags |= dns.flags.AD
    asked = query()
    handed = messages.relayed(asked, theirs)
    assert (handed.id, handed.edns, handed.answer) == (asked.id, -1, theirs.answer)
    assert handed.flags & dns.flags.AD
    theirs.set_rcode(dns.rcode.BADCOOKIE)
    assert messages.relayed(asked, theirs).rcode() == dns.rcode.SERVFAIL
