"""A template's tokens, understood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from peapod_cli.templates.functions import FUNCTIONS
from peapod_cli.templates.syntax import (
    Branch,
    Call,
    Command,
    Fields,
    Literal,
    Node,
    Operand,
    Pipeline,
    Range,
    Show,
    Text,
    Variable,
)
from peapod_cli.templates.tokens import CLOSE, END, TEXT, Source, Token, tokens

_BLOCKS = ("if", "with", "range")
_ENDS = ("else", "end")
_NOT_HERE = ("define", "template", "block", "break", "continue")
_CONSTANTS = {"true": True, "false": False, "nil": None}


def parse(source: Source) -> Sequence[Node]:
    """Understand a template; raises `TemplateError` for the first place that cannot be."""
    try:
        return _Parser(source).whole()
    except RecursionError:
        source.fail(0, "it is nested too deeply")


class _Parser:
    """Reads tokens from left to right, and keeps which variables are known."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._tokens = list(tokens(source))
        self._at = 0
        self._known = [{""}]

    def whole(self) -> Sequence[Node]:
        nodes = self._body()
        if self._next.kind != END:
            self._fail(self._next, f"{{{{{self._next.value}}}}} ends nothing that has begun")
        return nodes

    def _body(self) -> Sequence[Node]:
        with self._scope():
            nodes: list[Node] = []
            while self._next.kind != END and not self._is_word(*_ENDS):
                nodes.append(Text(self._take().value) if self._next.kind == TEXT else self._action())
            return nodes

    def _action(self) -> Node:
        if self._is_word(*_BLOCKS):
            return self._block(self._take())
        if self._is_word(*_NOT_HERE):
            self._fail(self._next, f"{{{{{self._next.value}}}}} is not supported")
        pipeline = self._pipeline(1)
        self._close()
        return Show(pipeline)

    def _block(self, opened: Token) -> Branch | Range:
        with self._scope():
            pipeline = self._pipeline(2 if opened.value == "range" else 1)
            self._close()
            body = self._body()
            otherwise = self._otherwise(opened)
        if opened.value == "range":
            return Range(pipeline, body, otherwise)
        return Branch(opened.value, pipeline, body, otherwise)

    def _otherwise(self, opened: Token) -> Sequence[Node]:
        """Read from the `else`, if there is one, to the `end`."""
        if self._is_word("else"):
            self._take()
            if opened.value == "if" and self._is_word("if"):
                return [self._block(self._take())]
            self._close()
            nodes = self._body()
        else:
            nodes = []
        if self._next.kind == END:
            self._fail(opened, f"{{{{{opened.value}}}}} has no {{{{end}}}}")
        if self._is_word("else"):
            self._fail(self._next, f"{{{{{opened.value}}}}} has a second {{{{else}}}}")
        self._take()
        self._close()
        return nodes

    def _pipeline(self, most: int) -> Pipeline:
        at = self._next.at
        variables, declares = self._variables(most)
        commands = [self._command()]
        while self._next.kind == "|":
            self._take()
            place = self._next
            commands.append(self._command())
            if not isinstance(commands[-1].operands[0], Call):
                self._fail(place, "behind | stands a function")
        if declares:
            self._known[-1].update(variable.name for variable in variables)
        return Pipeline(variables, declares, commands, at)

    def _variables(self, most: int) -> tuple[Sequence[Variable], bool]:
        """Read `$name :=`, `$name =`, or of two names; nothing where there is none."""
        kinds = [token.kind for token in self._tokens[self._at : self._at + 4]]
        names = 1 if kinds[:1] == ["variable"] else 0
        names = 2 if kinds[:3] == ["variable", ",", "variable"] else names
        sign = kinds[2 * names - 1 : 2 * names] if names else []
        if sign not in ([":="], ["="]):
            return (), False
        taken = [self._take() for _ in range(2 * names)]
        variables = [Variable(token.value, token.at) for token in taken[::2]]
        if names > most:
            self._fail(taken[0], "only {{range}} fills two variables")
        for token in taken[:-1:2]:
            if sign == ["="]:
                self._check_known(token)
            elif not token.value:
                self._fail(token, "$ is the whole document, and stays so")
        return variables, sign == [":="]

    def _command(self) -> Command:
        operands: list[Operand] = []
        while self._next.kind not in ("|", ")", CLOSE):
            if operands and not self._next.spaced:
                self._fail(self._next, f'a blank is missing before "{self._next.value}"')
            operands.append(self._operand())
        if not operands:
            self._fail(self._next, "a value is missing")
        if len(operands) > 1 and not isinstance(operands[0], Call):
            self._source.fail(operands[1].at, "only a function can be given something")
        return Command(operands)

    def _operand(self) -> Operand:
        token = self._take()
        if token.kind == "literal":
            return Literal(token.value, token.at)
        if token.kind == "word":
            return self._word(token)
        if token.kind == "dot":
            return Fields(None, (), token.at)
        if token.kind == "field":
            return Fields(None, (token.value, *self._chain()), token.at)
        if token.kind == "variable":
            self._check_known(token)
            return Fields(Variable(token.value, token.at), self._chain(), token.at)
        if token.kind != "(":
            self._fail(token, f'"{token.value}" is not expected here')
        return self._parenthesis(token)

    def _parenthesis(self, opened: Token) -> Fields:
        pipeline = self._pipeline(0)
        if self._take().kind != ")":
            self._fail(opened, "( is not closed by )")
        return Fields(pipeline, self._chain(), opened.at)

    def _word(self, token: Token) -> Literal | Call:
        if token.value in _CONSTANTS:
            return Literal(_CONSTANTS[token.value], token.at)
        if token.value not in FUNCTIONS:
            self._fail(token, f'there is no function "{token.value}"; known are {", ".join(FUNCTIONS)}')
        return Call(token.value, token.at)

    def _chain(self) -> Sequence[str]:
        names = []
        while self._next.kind == "field" and not self._next.spaced:
            names.append(self._take().value)
        return names

    def _check_known(self, token: Token) -> None:
        if not any(token.value in names for names in self._known):
            self._fail(token, f"the variable ${token.value} is not known here")

    def _close(self) -> None:
        token = self._take()
        if token.kind != CLOSE:
            self._fail(token, f'"{token.value}" is not expected here')

    @contextmanager
    def _scope(self) -> Iterator[None]:
        self._known.append(set())
        yield
        self._known.pop()

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _is_word(self, *words: str) -> bool:
        return self._next.kind == "word" and self._next.value in words

    def _fail(self, token: Token, why: str) -> NoReturn:
        self._source.fail(token.at, why)
