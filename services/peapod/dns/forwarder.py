"""Asks other servers: each question once at a time, one server after the other, and never more at once than fits."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import NamedTuple

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType

from peapod.common import process
from peapod.common.address import HostPort
from peapod.dns.messages import UDP_MOST, question
from peapod.dns.upstreams import ordered

logger = logging.getLogger(__name__)

WAITING_MOST = 1000
"""How many may wait for answers of others; whoever comes then is turned away."""

_HELPLESS = frozenset((dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTIMP, dns.rcode.FORMERR))
"""Codes of a server that another may do better than."""


class Question(NamedTuple):
    """What others are asked, and how."""

    name: Name
    kind: RdataType
    signatures: bool
    """Whether DNSSEC's records are wanted along."""
    unchecked: bool
    """Whether what they do not confirm is wanted all the same."""

    @classmethod
    def of(cls, query: Message) -> Question:
        """Take it from a client's message."""
        asked = question(query)
        signatures = bool(query.ednsflags & dns.flags.DO)
        return cls(asked.name, asked.rdtype, signatures, bool(query.flags & dns.flags.CD))


class Forwarder:
    """Asks `servers`, which may be set at any time, each for at most so many seconds.

    Who asks what is being asked already waits for the same answer. So a question that comes back here, because a
    server asks this one in its turn, goes round no second time.
    """

    def __init__(self, seconds: float) -> None:
        self.servers: Sequence[HostPort] = ()
        self._seconds = seconds
        self._backend = dns.asyncbackend.get_backend("asyncio")
        self._failed: dict[HostPort, float] = {}
        self._asked: dict[Question, asyncio.Task[Message | None]] = {}
        self._waiting = 0

    async def ask(self, asked: Question) -> Message | None:
        """Return the first answer that helps, else the last one; None when there was none, or too many are waiting."""
        if self._waiting >= WAITING_MOST:
            return None
        self._waiting += 1
        try:
            return await asyncio.shield(self._asking(asked))
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Give up all that is being asked."""
        await process.end(*self._asked.values())

    def _asking(self, asked: Question) -> asyncio.Task[Message | None]:
        task = self._asked.get(asked)
        if task is None:
            task = self._asked[asked] = asyncio.create_task(self._try_all(asked))
            task.add_done_callback(lambda _: self._asked.pop(asked))
        return task

    async def _try_all(self, asked: Question) -> Message | None:
        last = None
        for server in ordered(self.servers, self._failed, time.monotonic()):
            answer = await self._try(server, asked)
            if answer is not None and answer.rcode() not in _HELPLESS:
                return answer
            last = answer or last
        return last

    async def _try(self, server: HostPort, asked: Question) -> Message | None:
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._call(server, asked)
        except (OSError, EOFError, ValueError, dns.exception.DNSException) as error:
            if server not in self._failed:
                logger.warning("%s does not answer: %s", server, str(error) or type(error).__name__)
            self._failed[server] = time.monotonic()
            return None
        if self._failed.pop(server, None) is not None:
            logger.info("%s answers again", server)
        return answer

    async def _call(self, server: HostPort, asked: Question) -> Message:
        query = dns.message.make_query(asked.name, asked.kind, use_edns=0, payload=UDP_MOST)
        query.want_dnssec(asked.signatures)
        query.flags |= dns.flags.CD if asked.unchecked else 0
        # Only what answers this very question, from this very server, counts; the rest may come from anyone.
        answer, _ = await dns.asyncquery.udp_with_fallback(
            query,
            server.host,
            port=server.port,
            ignore_unexpected=True,
            ignore_errors=True,
            backend=self._backend,
        )
        return answer
