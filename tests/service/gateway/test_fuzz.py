"""The gateway under garbage: every request is answered, none by blaming the server, and nothing piles up."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from peapod_cli.simulation.memory import resident_bytes
from tests.support.attacker import Attacker
from tests.support.garbage import ATTEMPTS, WRITES, Attempt
from tests.support.gateway import Pair
from tests.support.raw_http import ask
from tests.support.rest_documents import pod

EXAMPLES = 4000
GROWTH_MOST = 48 << 20
"""Bytes that the gateway may grow by: what its caches fill with, and no more."""


@pytest.mark.timeout(180)
@pytest.mark.parametrize("attempts", [WRITES, ATTEMPTS], ids=["bodies", "requests"])
def test_garbage_is_answered(pair: Pair, attempts: st.SearchStrategy[Attempt]) -> None:
    before = resident_bytes(pair.gateway.pid)

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
        database=None,
    )
    @given(attempts)
    def each(attempt: Attempt) -> None:
        attacker.send(attempt)

    with Attacker(pair.address) as attacker:
        each()
    assert attacker.answered >= EXAMPLES
    assert resident_bytes(pair.gateway.pid) - before < GROWTH_MOST
    assert ask(pair.address, "POST", "/api/v1beta1/pods?namespace=after", pod("a")).status in (201, 409)


def test_the_gateway_has_nothing_to_say_about_it(pair: Pair) -> None:
    """Whatever clients send is their affair: it is neither an error nor a warning of the server's."""
    with Attacker(pair.address) as attacker:
        for body in (b"{", b'{"id": "\\ud800"}', b"\xff", b'{"a": ' * 900):
            assert attacker.send(Attempt("POST", "/api/v1beta1/pods", {}, body)) == 400
    log = pair.log.read_text()
    assert "Traceback" not in log, log
