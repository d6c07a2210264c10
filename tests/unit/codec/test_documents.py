"""Texts that are read as documents, or refused in one clause."""

from __future__ import annotations

import pytest

from peapod.codec.documents import documents_in
from peapod.common.errors import Invalid


def test_a_key_that_comes_twice_is_named() -> None:
    with pytest.raises(Invalid, match='the key "b" is given twice in one object'):
        documents_in('{"a": 1, "b": 2, "c": {"a": 1}, "b": 3}', ".json")


def test_it_is_found_among_very_many_at_once() -> None:
    """By one look at each key: a look at every key for each would take minutes."""
    text = "{" + ",".join(f'"key-{number}": 0' for number in range(200_000)) + ', "key-199999": 1}'
    with pytest.raises(Invalid, match='the key "key-199999" is given twice'):
        documents_in(text, ".json")
