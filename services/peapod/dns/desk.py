"""Where questions come in: the zone answers what it knows, others the rest."""

from __future__ import annotations

import logging
from collections import Counter

import dns.flags
import dns.rcode
from dns.message import Message

from peapod.dns import messages
from peapod.dns.catalog import Catalog
from peapod.dns.forwarder import Forwarder, Question

logger = logging.getLogger(__name__)


class Desk:
    """Answers packets; `answered` counts the answers by their codes."""

    def __init__(self, catalog: Catalog, forwarder: Forwarder) -> None:
        self._catalog = catalog
        self._forwarder = forwarder
        self.answered: Counter[str] = Counter()

    async def answer(self, packet: bytes, *, datagram: bool) -> bytes | None:
        """Answer whatever came; None is no answer. What the zone has is answered without waiting."""
        try:
            query = messages.read(packet)
            reply = await self._reply(query)
            written = messages.write(reply, query, datagram=datagram)
        except messages.NoAnswer:
            return None
        except messages.Refused as refused:
            written = refused.reply
        except Exception:
            logger.exception("a question of %d bytes could not be answered", len(packet))
            written = messages.header(packet, dns.rcode.SERVFAIL)
        self.answered[dns.rcode.to_text(dns.rcode.from_flags(int.from_bytes(written[2:4], "big"), 0))] += 1
        return written

    async def _reply(self, query: Message) -> Message:
        asked = messages.question(query)
        zone = self._catalog.zone
        if not self._catalog.known and asked.name.is_subdomain(zone.domain):
            # Whoever hears that a name is not there may believe it for a while.
            return messages.reply(query, dns.rcode.SERVFAIL)
        if (found := zone.find(asked.name, asked.rdtype)) is not None:
            return messages.own(query, found)
        if not query.flags & dns.flags.RD or not self._forwarder.servers:
            return messages.reply(query, dns.rcode.REFUSED)
        answer = await self._forwarder.ask(Question.of(query))
        return messages.reply(query, dns.rcode.SERVFAIL) if answer is None else messages.relayed(query, answer)
