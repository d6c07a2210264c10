import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.common import labels
from peapod.common.errors import Invalid
from peapod.common.labels import Operator, Requirement, Selector

KEYS = st.from_regex(r"([a-z0-9]{1,4}\.[a-z0-9]{1,4}/)?[a-z0-9]([-a-z0-9]{0,5}[a-z0-9])?", fullmatch=True)
KEYS |= st.sampled_from(["in", "notin", "example.com/in"])
VALUES = st.from_regex(r"([A-Za-z0-9][-A-Za-z0-9_.]{0,6})?", fullmatch=True) | st.sampled_from(["in", "notin"])
LABELS = st.dictionaries(KEYS, VALUES, max_size=4)
REQUIREMENTS = st.builds(
    Requirement, KEYS, st.sampled_from([Operator.IN, Operator.NOT_IN]), st.frozensets(VALUES, min_size=1, max_size=4)
) | st.builds(Requirement, KEYS, st.just(Operator.EXISTS))
SELECTORS = st.lists(REQUIREMENTS, max_size=4).map(lambda those: labels.parse(",".join(map(str, those))))


def one(text: str) -> Requirement:
    (requirement,) = labels.parse(text).requirements
    return requirement


@pytest.mark.parametrize("text", ["k=v", "k==v", " k = v ", "k\t==\nv\r", "k in (v)", "k in (v,v)", "k in( v )"])
def test_an_equality_is_a_set_of_one(text: str) -> None:
    assert one(text) == Requirement("k", Operator.IN, frozenset({"v"}))


@pytest.mark.parametrize("text", ["k!=v", "k != v", "k notin (v)"])
def test_so_is_an_inequality(text: str) -> None:
    assert one(text) == Requirement("k", Operator.NOT_IN, frozenset({"v"}))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("k=", {""}),
        ("k==", {""}),
        ("k!=", {""}),
        ("k in ()", {""}),
        ("k in (a,)", {"a", ""}),
        ("k in (,a)", {"a", ""}),
        ("k in (a,,b)", {"a", "b", ""}),
        ("k in (,)", {""}),
        ("k in (in,notin)", {"in", "notin"}),
    ],
)
def test_empty_and_odd_values(text: str, values: set[str]) -> None:
    assert one(text).values == values


def test_an_empty_value_ends_at_a_comma() -> None:
    assert str(labels.parse("k=,a=b")) == "a=b,k="


@pytest.mark.parametrize("text", ["in", "notin", "in in (in)", "notin=in", "in notin (notin,in)"])
def test_keywords_are_words_where_no_operator_stands(text: str) -> None:
    assert one(text).key in ("in", "notin")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a,", "expected a key, found the end"),
        (",a", "expected a key, found ','"),
        ("a,,b", "expected a key, found ','"),
        (",", "expected a key, found ','"),
        ("k=a=b", "expected ',' or the end, found '='"),
        ("k===a", "expected ',' or the end, found '='"),
        ("k=a b", "expected ',' or the end, found 'b'"),
        ("k a", "expected ',' or the end, found 'a'"),
        ("!k", "expected a key, found '!'"),
        ("k=!v", "expected ',' or the end, found '!'"),
        ("k!v", "expected ',' or the end, found '!'"),
        ("k in a", "expected '(', found 'a'"),
        ("k in", "expected '(', found the end"),
        ("k in (a", "expected ',' or ')', found the end"),
        ("k in (a b)", "expected ',' or ')', found 'b'"),
        ("k in ((a))", "expected ',' or ')', found '('"),
        ("k in (,,)", "expected a value, found ')'"),
        ("k in (a,,)", "expected a value, found ')'"),
        ("k not in (a)", "expected ',' or the end, found 'not'"),
        ("k IN (a)", "expected ',' or the end, found 'IN'"),
        ("=v", "expected a key, found '='"),
        ("(", "expected a key, found '('"),
        ("An1-ame0=v", "the key 'An1-ame0' must consist of"),
        ("k=-v", "the value '-v' must consist of"),
        ("k in (a,%)", "the value '%' must consist of"),
        ("k=" + "v" * 64, "must have at most 63 characters"),
    ],
)
def test_what_is_refused(text: str, problem: str) -> None:
    with pytest.raises(Invalid) as caught:
        labels.parse(text)
    assert text[:40] in caught.value.message
    (violation,) = caught.value.violations
    assert violation.field == "label_selector"
    assert problem in violation.description


def test_an_error_does_not_repeat_a_long_text() -> None:
    with pytest.raises(Invalid) as caught:
        labels.parse("k=a " + "b" * 1_000_000)
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize("text", ["", "  ", "\t\r\n"])
def test_an_empty_selector_matches_all(text: str) -> None:
    selector = labels.parse(text)
    assert selector.empty
    assert selector == labels.EVERYTHING == labels.from_map({}) == Selector()
    assert selector.matches({})
    assert not labels.parse("a").empty


@pytest.mark.parametrize(
    ("text", "absent", "empty", "other", "same"),
    [
        ("k", False, True, True, True),
        ("k=v", False, False, False, True),
        ("k!=v", True, True, True, False),
        ("k=", False, True, False, False),
        ("k!=", True, False, True, True),
        ("k in (v,w)", False, False, False, True),
        ("k notin (v,w)", True, True, True, False),
    ],
)
def test_matching(text: str, absent: bool, empty: bool, other: bool, same: bool) -> None:
    matches = labels.parse(text).matches
    found = matches({"a": "v"}), matches({"k": ""}), matches({"k": "x"}), matches({"k": "v", "a": "b"})
    assert found == (absent, empty, other, same)


def test_all_requirements_must_hold_also_of_one_key() -> None:
    selector = labels.parse("k,k!=b,k in (a,b)")
    assert selector.matches({"k": "a"})
    assert not selector.matches({"k": "b"})


def test_requirements_are_sorted_and_said_once() -> None:
    assert str(labels.parse("b in (y,x),c!=d,a,b in (x,y),a")) == "a,b in (x,y),c!=d"


def test_a_map_is_equalities() -> None:
    assert labels.from_map({"b": "2", "a": ""}) == labels.parse("a=,b=2")


@given(SELECTORS)
def test_what_is_written_is_read_back(selector: Selector) -> None:
    assert labels.parse(str(selector)) == selector


@given(SELECTORS, LABELS)
def test_a_selector_is_the_and_of_its_parts(selector: Selector, carried: dict[str, str]) -> None:
    parts = [labels.parse(str(requirement)) for requirement in selector.requirements]
    assert selector.matches(carried) == all(part.matches(carried) for part in parts)


@given(LABELS)
def test_labels_match_their_own_map(carried: dict[str, str]) -> None:
    assert labels.from_map(carried).matches(carried)


@given(st.text(alphabet="k=!(),in ot-A", max_size=20) | st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        selector = labels.parse(text)
    except Invalid:
        return
    assert labels.parse(str(selector)) == selector


@pytest.mark.parametrize(
    ("key", "legal"),
    [
        ("name", True),
        ("0-0", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("", False),
        ("-a", False),
        ("a-", False),
        ("An1-ame0", False),
        ("2n1_ame0", False),
        ("a.b", False),
        ("a\n", False),
        ("ü", False),
        ("example.com/name", True),
        ("a" * 253 + "/name", True),
        ("a" * 254 + "/name", False),
        ("/name", False),
        ("example.com/", False),
        ("Example.com/name", False),
        ("a/b/c", False),
    ],
)
def test_keys(key: str, legal: bool) -> None:
    assert (labels.key_problem(key) is None) == legal


@pytest.mark.parametrize(
    ("value", "legal"),
    [
        ("", True),
        ("An1_a.m-e0", True),
        ("a-", True),
        ("v" * 63, True),
        ("v" * 64, False),
        ("-a", False),
        (".a", False),
        ("_a", False),
        ("a b", False),
        ("a\n", False),
        ("ä", False),
    ],
)
def test_values(value: str, legal: bool) -> None:
    assert (labels.value_problem(value) is None) == legal
