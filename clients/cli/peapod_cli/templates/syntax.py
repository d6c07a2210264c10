"""What a template consists of once it is understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Literal:
    """A value that is written out."""

    value: Any
    at: int


@dataclass(frozen=True)
class Fields:
    """Fields within fields of the dot, of a variable, or of what a pipeline gives; with no names, that itself."""

    of: Variable | Pipeline | None
    names: Sequence[str]
    at: int


@dataclass(frozen=True)
class Variable:
    """A variable by its name; the nameless one is the whole document."""

    name: str
    at: int


@dataclass(frozen=True)
class Call:
    """A function by its name, without what it is given."""

    name: str
    at: int


Operand: TypeAlias = Literal | Fields | Call


@dataclass(frozen=True)
class Command:
    """An operand, or a function and what it is given."""

    operands: Sequence[Operand]


@dataclass(frozen=True)
class Pipeline:
    """Commands, each of which is given last what the one before has made; and variables that take the result."""

    variables: Sequence[Variable]
    declares: bool
    commands: Sequence[Command]
    at: int


@dataclass(frozen=True)
class Text:
    """Text that is shown as it is."""

    text: str


@dataclass(frozen=True)
class Show:
    """A pipeline whose result is shown, unless a variable takes it."""

    pipeline: Pipeline


@dataclass(frozen=True)
class Branch:
    """`if` or `with`: one body when the pipeline gives something, another when it does not. `with` makes it the dot."""

    word: str
    pipeline: Pipeline
    body: Sequence[Node]
    otherwise: Sequence[Node]


@dataclass(frozen=True)
class Range:
    """A body for each item, which is its dot, or another when there is none."""

    pipeline: Pipeline
    body: Sequence[Node]
    otherwise: Sequence[Node]


Node: TypeAlias = Text | Show | Branch | Range
