"""Labels and the selectors that read them.

A selector is requirements joined by commas, all of which must hold: `k=v` (or `==`), `k!=v`, `k in (a, b)`,
`k notin (a, b)`, or a bare `k`. The empty text selects everything.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass

from peapod.common import names
from peapod.common.errors import Invalid, Violation

VALUE_MOST = 63

_VALUE = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?")
_TOKEN = re.compile(r"(==|!=|[=!(),]|[^=!(), \t\r\n]+)[ \t\r\n]*")
_SYMBOLS = frozenset({"==", "!=", "=", "!", "(", ")", ",", ""})


class Operator(enum.Enum):
    """How a requirement compares; an equality is a set of one value."""

    IN = "in"
    NOT_IN = "notin"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one key must be like. NOT_IN also holds where the key is absent; `values` is empty for EXISTS."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether the labels meet this requirement."""
        value = labels.get(self.key)
        if self.operator is Operator.IN:
            return value in self.values
        if self.operator is Operator.NOT_IN:
            return value not in self.values
        return value is not None

    def __str__(self) -> str:
        if self.operator is Operator.EXISTS:
            return self.key
        if len(self.values) == 1:
            sign = "=" if self.operator is Operator.IN else "!="
            return f"{self.key}{sign}{next(iter(self.values))}"
        return f"{self.key} {self.operator.value} ({','.join(sorted(self.values))})"


@dataclass(frozen=True, slots=True)
class Selector:
    """Requirements that must all hold, sorted, each once; equal when they are written the same."""

    requirements: tuple[Requirement, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it selects everything."""
        return not self.requirements

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether the labels meet every requirement."""
        return all(requirement.matches(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


EVERYTHING = Selector()


def parse(text: str) -> Selector:
    """Read a selector; raises `Invalid`, naming `label_selector`, with what is wrong and where."""
    return _Parser(text).selector()


def from_map(mapping: Mapping[str, str]) -> Selector:
    """Select what has all these labels; an empty mapping selects everything. Keys and values are not judged."""
    return _sorted({Requirement(key, Operator.IN, frozenset({value})) for key, value in mapping.items()})


def key_problem(key: str) -> str | None:
    """Judge a label's key: an optional DNS-subdomain prefix and `/`, then a DNS label."""
    prefix, slash, name = key.rpartition("/")
    if slash and (problem := names.dns_subdomain_problem(prefix)):
        return f"the prefix {problem}"
    if problem := names.dns_label_problem(name):
        return f"the part after '/' {problem}" if slash else problem
    return None


def value_problem(value: str) -> str | None:
    """Judge a label's value; it may be empty."""
    if len(value) > VALUE_MOST:
        return f"must have at most {VALUE_MOST} characters"
    if not _VALUE.fullmatch(value):
        return "must consist of letters, digits, '-', '_' and '.', and begin with a letter or digit"
    return None


def _sorted(requirements: set[Requirement]) -> Selector:
    return Selector(tuple(sorted(requirements, key=str)))


class _Parser:
    """A recursive descent over the tokens. Words are words everywhere; `in` and `notin` mean something only
    where an operator stands.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.findall(text)
        self._next = 0

    def selector(self) -> Selector:
        requirements = set()
        if self._tokens:
            requirements.add(self._requirement())
            while self._accept(","):
                requirements.add(self._requirement())
            if self._peek():
                raise self._expected("',' or the end")
        return _sorted(requirements)

    def _requirement(self) -> Requirement:
        key = self._word("a key")
        if problem := key_problem(key):
            raise self._error(f"the key {key!r} {problem}")
        if self._accept("=") or self._accept("=="):
            return Requirement(key, Operator.IN, frozenset({self._value()}))
        if self._accept("!="):
            return Requirement(key, Operator.NOT_IN, frozenset({self._value()}))
        for operator in (Operator.IN, Operator.NOT_IN):
            if self._accept(operator.value):
                return Requirement(key, operator, self._values())
        return Requirement(key, Operator.EXISTS)

    def _values(self) -> frozenset[str]:
        if not self._accept("("):
            raise self._expected("'('")
        values = [self._value()]
        while self._accept(","):
            values.append(self._value())
        # One comma too many reads as an empty value, as it always did; two at the end were always refused.
        if len(values) > 2 and values[-2:] == ["", ""]:
            raise self._expected("a value")
        if not self._accept(")"):
            raise self._expected("',' or ')'")
        return frozenset(values)

    def _value(self) -> str:
        if self._peek() in _SYMBOLS:
            return ""
        value = self._word("a value")
        if problem := value_problem(value):
            raise self._error(f"the value {value!r} {problem}")
        return value

    def _word(self, wanted: str) -> str:
        token = self._peek()
        if token in _SYMBOLS:
            raise self._expected(wanted)
        self._next += 1
        return token

    def _accept(self, token: str) -> bool:
        found = self._peek() == token
        self._next += found
        return found

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _expected(self, wanted: str) -> Invalid:
        found = repr(_cut(self._peek())) if self._peek() else "the end"
        return self._error(f"expected {wanted}, found {found}")

    def _error(self, problem: str) -> Invalid:
        message = f"label selector {_cut(self._text)!r}: {problem}"
        return Invalid(message, [Violation("label_selector", problem)])


def _cut(text: str, most: int = 200) -> str:
    return text if len(text) <= most else text[:most] + "..."
