"""A template that is understood, and what it makes of a document."""

from __future__ import annotations

import inspect
from collections import ChainMap
from collections.abc import Sequence
from typing import Any, TypeAlias

from peapod_cli.templates.functions import FUNCTIONS
from peapod_cli.templates.parser import parse
from peapod_cli.templates.syntax import Branch, Call, Command, Fields, Literal, Node, Operand, Pipeline, Range, Text
from peapod_cli.templates.tokens import Source
from peapod_cli.templates.values import Unfit, field, holds, items, shown

Scope: TypeAlias = "ChainMap[str, Any]"
"""The values of the variables that are known, by name; the nearest first."""


class Template:
    """A template. Raises `TemplateError` when its text cannot be understood; `name` is what the error calls it."""

    def __init__(self, text: str, name: str = "template") -> None:
        self._source = Source(text, name)
        self._nodes = parse(self._source)

    def render(self, document: Any) -> str:
        """Fill in a document; raises `TemplateError` for what it does not have in the form that is asked for."""
        filled: list[str] = []
        try:
            _Filling(self._source, filled).nodes(self._nodes, document, ChainMap({"": document}))
        except RecursionError:
            self._source.fail(0, "the document is nested too deeply for it")
        return "".join(filled)


class _Filling:
    """One walk through a template; what it shows is appended to `out`."""

    def __init__(self, source: Source, out: list[str]) -> None:
        self._source = source
        self._out = out

    def nodes(self, nodes: Sequence[Node], dot: Any, scope: Scope) -> None:
        own = scope.new_child()
        for node in nodes:
            if isinstance(node, Text):
                self._out.append(node.text)
            elif isinstance(node, Branch):
                self._branch(node, dot, own.new_child())
            elif isinstance(node, Range):
                self._range(node, dot, own.new_child())
            else:
                value = self._pipeline(node.pipeline, dot, own)
                if not node.pipeline.variables:
                    self._out.append(shown(value))

    def _branch(self, branch: Branch, dot: Any, scope: Scope) -> None:
        value = self._pipeline(branch.pipeline, dot, scope)
        if holds(value):
            self.nodes(branch.body, value if branch.word == "with" else dot, scope)
        else:
            self.nodes(branch.otherwise, dot, scope)

    def _range(self, loop: Range, dot: Any, scope: Scope) -> None:
        pipeline = loop.pipeline
        value = self._result(pipeline, dot, scope)
        try:
            pairs = list(items(value))
        except Unfit as why:
            self._source.fail(pipeline.at, str(why))
        for pair in pairs:
            # One variable takes the item, two take its number or key too.
            self._store(pipeline, pair[2 - len(pipeline.variables) :], scope)
            self.nodes(loop.body, pair[1], scope)
        if not pairs:
            self.nodes(loop.otherwise, dot, scope)

    def _pipeline(self, pipeline: Pipeline, dot: Any, scope: Scope) -> Any:
        value = self._result(pipeline, dot, scope)
        self._store(pipeline, [value], scope)
        return value

    def _store(self, pipeline: Pipeline, values: Sequence[Any], scope: Scope) -> None:
        for variable, value in zip(pipeline.variables, values, strict=False):
            holder = scope if pipeline.declares else next(known for known in scope.maps if variable.name in known)
            holder[variable.name] = value

    def _result(self, pipeline: Pipeline, dot: Any, scope: Scope) -> Any:
        first, *others = pipeline.commands
        value = self._command(first, (), dot, scope)
        for command in others:
            value = self._command(command, (value,), dot, scope)
        return value

    def _command(self, command: Command, last: Sequence[Any], dot: Any, scope: Scope) -> Any:
        first, *others = command.operands
        if not isinstance(first, Call):
            return self._operand(first, dot, scope)
        given = [self._operand(operand, dot, scope) for operand in others]
        return self._call(first, [*given, *last])

    def _operand(self, operand: Operand, dot: Any, scope: Scope) -> Any:
        if isinstance(operand, Literal):
            return operand.value
        if isinstance(operand, Call):
            return self._call(operand, [])
        return self._fields(operand, dot, scope)

    def _fields(self, fields: Fields, dot: Any, scope: Scope) -> Any:
        value = dot
        if isinstance(fields.of, Pipeline):
            value = self._result(fields.of, dot, scope)
        elif fields.of is not None:
            value = scope[fields.of.name]
        try:
            for name in fields.names:
                value = field(value, name)
        except Unfit as why:
            self._source.fail(fields.at, str(why))
        return value

    def _call(self, call: Call, given: Sequence[Any]) -> Any:
        function = FUNCTIONS[call.name]
        try:
            inspect.signature(function).bind(*given)
        except TypeError:
            self._source.fail(call.at, f"{call.name} is given {len(given)} values, which are too few or too many")
        try:
            return function(*given)
        except Unfit as why:
            self._source.fail(call.at, str(why))
