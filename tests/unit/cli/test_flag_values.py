"""Values of flags that are more than a word."""

from __future__ import annotations

import pytest

from peapod.common.errors import Invalid
from peapod_cli import flag_values


def test_pairs_and_objects() -> None:
    assert flag_values.read_pairs("a=b,c=,x/y=z", "--labels") == {"a": "b", "c": "", "x/y": "z"}
    assert flag_values.read_object('{"a": {"b": null}}', "--patch") == {"a": {"b": None}}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a", '--labels: "a" is neither KEY=VALUE nor KEY-'),
        ("a=b,a=c", '--labels: "a=c": the key is named twice'),
        ("b-,a-", '--labels: "a-" sets nothing; "b-" sets nothing'),
        (",", "--labels: say what to change"),
    ],
)
def test_what_are_no_pairs_is_said(text: str, why: str) -> None:
    with pytest.raises(Invalid) as wrong:
        flag_values.read_pairs(text, "--labels")
    assert wrong.value.message.startswith(why)


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "[" * 100_000])
def test_what_is_no_object_is_said(text: str) -> None:
    with pytest.raises(Invalid, match=r"^--patch "):
        flag_values.read_object(text, "--patch")
