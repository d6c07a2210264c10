from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.common import quantity

NUMBERS = st.from_regex(r"[+-]?[0-9]{1,25}(\.[0-9]{0,8})?", fullmatch=True)
SUFFIXES = st.sampled_from(["", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"])
SUFFIXES |= st.from_regex(r"[eE][+-]?[0-9]{1,2}", fullmatch=True)
QUANTITIES = st.builds("{}{}".format, NUMBERS, SUFFIXES)


@pytest.mark.parametrize(
    ("text", "value", "canonical", "milli", "whole"),
    [
        ("0", "0", "0", 0, 0),
        ("0Ki", "0", "0", 0, 0),
        ("-0", "0", "0", 0, 0),
        ("1", "1", "1", 1000, 1),
        ("5.", "5", "5", 5000, 5),
        (".5", "0.5", "500m", 500, 1),
        ("+1.5", "1.5", "1500m", 1500, 2),
        ("-1.5", "-1.5", "-1500m", -1500, -2),
        ("250m", "0.25", "250m", 250, 1),
        ("2000m", "2", "2", 2000, 2),
        ("0.1m", "0.001", "1m", 1, 1),
        ("1000", "1000", "1k", 1_000_000, 1000),
        ("1500k", "1500000", "1500k", 1_500_000_000, 1_500_000),
        ("1E", "1e18", "1E", 2**63 - 1, 10**18),
        ("1.5Gi", "1610612736", "1536Mi", 1_610_612_736_000, 1_610_612_736),
        ("1024Ki", "1048576", "1Mi", 1_048_576_000, 1_048_576),
        ("1000Ki", "1024000", "1000Ki", 1_024_000_000, 1_024_000),
        ("0.5Ki", "512", "512", 512_000, 512),
        ("0.0001Ki", "0.103", "103m", 103, 1),
        ("1e3", "1000", "1e3", 1_000_000, 1000),
        ("1E3", "1000", "1e3", 1_000_000, 1000),
        ("1e4", "10000", "10e3", 10_000_000, 10_000),
        ("12e-1", "1.2", "1200e-3", 1200, 2),
        ("3e0", "3", "3", 3000, 3),
    ],
)
def test_quantities(text: str, value: str, canonical: str, milli: int, whole: int) -> None:
    assert quantity.parse(text) == Decimal(value)
    assert quantity.canonical(text) == canonical
    assert quantity.milli(text) == milli
    assert quantity.whole(text) == whole


@pytest.mark.parametrize("text", ["9223372036854775807", "9223372036854775808", "10E", "8Ei", "1e99", "1e" + "9" * 50])
def test_the_largest(text: str) -> None:
    assert quantity.whole(text) == quantity.MOST
    assert quantity.whole("-" + text) == -quantity.MOST
    assert quantity.milli(text) == quantity.MOST


@pytest.mark.parametrize("text", ["1e-99", "1e-" + "9" * 50, "0." + "0" * 100 + "1", "0.0009999"])
def test_the_smallest_is_rounded_up(text: str) -> None:
    assert quantity.milli(text) == 1
    assert quantity.milli("-" + text) == -1


def test_a_very_long_number_is_read() -> None:
    assert quantity.milli("0" * 100_000 + "1." + "0" * 100_000 + "1") == 1001


@pytest.mark.parametrize(
    "text",
    ["", " ", "1 ", " 1", "-", ".", "m", "1mm", "1K", "1ki", "1u", "1e", "1e1.5", "1,5", "1_0", "0x1", "٣", "nan"],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        quantity.parse(text)
    with pytest.raises(ValueError, match="is not a quantity"):
        quantity.canonical(text)


@given(QUANTITIES)
def test_canonical_loses_nothing_and_is_final(text: str) -> None:
    canonical = quantity.canonical(text)
    assert quantity.parse(canonical) == quantity.parse(text)
    assert quantity.canonical(canonical) == canonical


@given(QUANTITIES)
def test_rounding_never_goes_down(text: str) -> None:
    value = quantity.parse(text)
    assert abs(quantity.whole(text)) >= abs(value)
    assert abs(quantity.whole(text)) - abs(value) < 1


def exactly(text: str) -> Fraction:
    """Read a quantity by another way: as a fraction, which loses nothing."""
    mantissa = text.rstrip("KMGTPEimk")
    suffix = text[len(mantissa) :]
    if suffix.endswith("i"):
        return Fraction(mantissa) * 1024 ** ("KMGTPE".index(suffix[0]) + 1)
    power = {"m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}[suffix]
    return Fraction(mantissa) * Fraction(10) ** power


def away_from_zero(value: Fraction) -> int:
    return ceil(abs(value)) * (1 if value >= 0 else -1)


@given(QUANTITIES)
def test_a_quantity_is_its_fraction_rounded_up(text: str) -> None:
    fraction = exactly(text)
    thousandths = away_from_zero(fraction * 1000)
    if abs(fraction) >= quantity.MOST:
        thousandths = quantity.MOST * 1000 * (1 if fraction >= 0 else -1)
    assert quantity.parse(text) * 1000 == thousandths


@given(QUANTITIES)
def test_thousandths_and_units_agree(text: str) -> None:
    if abs(quantity.parse(text)) * 1000 <= quantity.MOST:
        assert quantity.whole(text) == away_from_zero(Fraction(quantity.milli(text), 1000))


@given(QUANTITIES, QUANTITIES)
def test_order_is_kept(one: str, other: str) -> None:
    smaller, larger = sorted((one, other), key=exactly)
    for read in (quantity.parse, quantity.milli, quantity.whole):
        assert read(smaller) <= read(larger)
    assert quantity.parse(quantity.canonical(smaller)) <= quantity.parse(quantity.canonical(larger))


@given(st.text(max_size=8) | st.text(alphabet="0123456789.+-eEmkKMGi", max_size=8))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = quantity.parse(text)
    except ValueError:
        return
    assert quantity.parse(quantity.canonical(text)) == value
