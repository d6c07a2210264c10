"""Numbers in URLs."""

from __future__ import annotations

import pytest

from peapod.gateway.forward import numbers


def test_what_is_a_port_and_what_is_a_number_of_lines() -> None:
    assert (numbers.port("1"), numbers.port("65535"), numbers.port("0080")) == (1, 65535, 80)
    assert (numbers.lines("0"), numbers.lines(str(2**63 - 1))) == (0, 2**63 - 1)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.5", "0x1", "٣", "1 ", "65536", "9" * 5000])
def test_what_is_no_port(text: str) -> None:
    assert numbers.port(text) is None


@pytest.mark.parametrize("text", ["", "-1", "٣", str(2**63), "9" * 5000])
def test_what_is_no_number_of_lines(text: str) -> None:
    assert numbers.lines(text) is None
