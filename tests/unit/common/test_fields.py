import pytest

from peapod.common import fields
from peapod.common.errors import Invalid
from peapod.common.fields import FieldTerm


def test_terms_keep_their_order() -> None:
    assert fields.parse("spec.node_name=n1,status.phase!=Failed,a==b") == (
        FieldTerm("spec.node_name", False, "n1"),
        FieldTerm("status.phase", True, "Failed"),
        FieldTerm("a", False, "b"),
    )


@pytest.mark.parametrize(("text", "negated"), [("f=", False), ("f==", False), ("f!=", True)])
def test_a_value_may_be_empty(text: str, negated: bool) -> None:
    assert fields.parse(text) == (FieldTerm("f", negated, ""),)


def test_blanks_are_not_trimmed() -> None:
    assert fields.parse("f= a ") == (FieldTerm("f", False, " a "),)


def test_nothing_selects_everything() -> None:
    assert fields.parse("") == ()


@pytest.mark.parametrize("text", ["f", "=v", "!=v", "f=a=b", "f!a", "f=a,", ",", "f=a,g", "f in (a)", " "])
def test_what_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        fields.parse(text)
    assert [violation.field for violation in caught.value.violations] == ["field_selector"]


def test_terms_are_written_as_they_are_read() -> None:
    text = "a=b,c!=,d="
    assert ",".join(map(str, fields.parse(text))) == text
