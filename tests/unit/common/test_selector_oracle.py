"""Selectors against the table of the reference, row by row, and against a second, plain reading of what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.common import labels
from peapod.common.errors import Invalid

OBJECTS: Mapping[str, Mapping[str, str]] = {
    "absent": {"other": "a"},
    "empty": {"k": ""},
    "a": {"k": "a"},
    "b": {"k": "b"},
    "c": {"k": "c"},
}

ROWS = [
    ("the empty text", "", "absent empty a b c"),
    ("k = v", "k = a", "a"),
    ("k == v", "k == a", "a"),
    ("k != v, also where k is absent", "k != a", "absent empty b c"),
    ("k in (a,b)", "k in (a,b)", "a b"),
    ("k notin (a,b), also where k is absent", "k notin (a,b)", "absent empty c"),
    ("k", "k", "empty a b c"),
    ("k=, taken as the empty value", "k=", "empty"),
    ("k==, likewise", "k==", "empty"),
    ("k!=, likewise", "k!=", "absent a b c"),
    ("k in ()", "k in ()", "empty"),
    ("k in (a,)", "k in (a,)", "empty a"),
    ("k in (,a)", "k in (,a)", "empty a"),
    ("k in (a,,b)", "k in (a,,b)", "empty a b"),
    ("k in (,)", "k in (,)", "empty"),
    ("duplicate keys are ANDed", "k,k!=a,k in (a,b)", "b"),
    ("duplicate keys may contradict", "k=a,k=b", ""),
    ("all blanks between tokens", " \tk\r\n in\t( a ,\rb )\n", "a b"),
    ("keywords as keys and values", "in notin (in),notin!=in", "absent empty a b c"),
    ("requirements in another order", "k!=c,k", "empty a b"),
]

REFUSED = [
    ("k in (,,)", "k in (,,)"),
    ("k in a", "k in a"),
    ("k in (a", "k in (a"),
    ("k not in (a)", "k not in (a)"),
    ("the chapter's misprint", "environment in (production, qa"),
    ("!k", "!k"),
    ("a,", "a,"),
    (",a", ",a"),
    ("a,,b", "a,,b"),
    ("k=a=b", "k=a=b"),
    ("k=a b", "k=a b"),
    ("an upper-case key", "Tier=a"),
    ("an underscore in a key", "my_tier=a"),
    ("a dot in a key", "my.tier=a"),
    ("a key of 64", "k" * 64),
    ("a value that begins with a dash", "k=-a"),
    ("a value with a blank inside", "k in (a b)"),
    ("a value of 64", f"k={'a' * 64}"),
    ("a prefix that is no subdomain", "My_Prefix/k"),
]


@pytest.mark.parametrize(("row", "text", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_of_the_grammar(row: str, text: str, expected: str) -> None:
    selector = labels.parse(text)
    assert [name for name, carried in OBJECTS.items() if selector.matches(carried)] == expected.split()
    assert labels.parse(str(selector)) == selector


@pytest.mark.parametrize(("row", "text"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_row_that_is_refused(row: str, text: str) -> None:
    with pytest.raises(Invalid) as caught:
        labels.parse(text)
    assert [violation.field for violation in caught.value.violations] == ["label_selector"]


KEYS = st.sampled_from(["k", "in", "notin", "x.io/k", "0"])
VALUES = st.sampled_from(["", "a", "b", "in", "A_.-"])
CARRIED = st.dictionaries(KEYS, VALUES)
BLANKS = st.sampled_from(["", " ", "\t", "\r\n", "  "])
PARTS = st.tuples(KEYS, st.sampled_from(["=", "==", "!=", "in", "notin", ""]), st.lists(VALUES, min_size=1, max_size=3))
Part = tuple[str, str, Sequence[str]]


@st.composite
def written(draw: st.DrawFn, parts: Sequence[Part]) -> str:
    """Write parts as a selector, with any blanks between the tokens, and at least those that part words."""
    texts = []
    for key, sign, values in parts:
        gap, between = draw(BLANKS), draw(BLANKS)
        if sign in ("in", "notin"):
            inside = f"{between},{gap}".join(values)
            texts.append(f"{gap}{key} {between}{sign}{gap}({between}{inside}{gap}){between}")
        elif sign:
            texts.append(f"{gap}{key}{between}{sign}{gap}{values[0]}{between}")
        else:
            texts.append(f"{between}{key}{gap}")
    return ",".join(texts)


def holds(part: Part, carried: Mapping[str, str]) -> bool:
    key, sign, values = part
    if sign == "":
        return key in carried
    wanted = values if sign in ("in", "notin") else values[:1]
    found = key in carried and any(carried[key] == value for value in wanted)
    return not found if sign in ("!=", "notin") else found


def clear(part: Part) -> bool:
    """Two empty values at the end of a set are refused when there are more than two."""
    return not (len(part[2]) > 2 and list(part[2][-2:]) == ["", ""])


@given(parts=st.lists(PARTS.filter(clear), max_size=4), carried=CARRIED, data=st.data())
def test_a_selector_means_what_a_plain_reading_says(
    parts: list[Part], carried: dict[str, str], data: st.DataObject
) -> None:
    selector = labels.parse(data.draw(written(parts)))
    assert selector.matches(carried) == all(holds(part, carried) for part in parts)
    assert labels.parse(str(selector)) == selector


@given(wanted=CARRIED, carried=CARRIED)
def test_a_map_selects_what_has_all_of_it(wanted: dict[str, str], carried: dict[str, str]) -> None:
    assert labels.from_map(wanted).matches(carried) == all(carried.get(key) == value for key, value in wanted.items())
