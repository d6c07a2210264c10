"""A template's text as tokens: what stands between `{{` and `}}` in pieces, and all else as it is."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple, NoReturn

from peapod.common.errors import Invalid


class TemplateError(Invalid):
    """A template that cannot be read, or not be filled in; the message says where."""


class Source(NamedTuple):
    """A template's text, and what people call it."""

    text: str
    name: str

    def fail(self, at: int, why: str) -> NoReturn:
        """Raise `TemplateError` for a place in the text."""
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        raise TemplateError(f"{self.name}: line {line} column {column}: {why}")


class Token(NamedTuple):
    """One piece: its kind, what it says, and where it begins; `spaced` when blanks stand before it."""

    kind: str
    value: Any
    at: int
    spaced: bool


TEXT, OPEN, CLOSE, END = "text", "{{", "}}", "end of the template"

_BLANKS = " \t\r\n"
_OPEN = re.compile(r"\{\{(-[ \t\r\n])?")
_CLOSE = re.compile(r"(?:[ \t\r\n]+(-))?\}\}|[ \t\r\n]+\}\}")
_COMMENT = re.compile(r"[ \t\r\n]*/\*.*?\*/([ \t\r\n]+-)?\}\}", re.DOTALL)
_PIECE = re.compile(
    r"""(?P<blank>[ \t\r\n]+)
    |   (?P<string>"(?:[^"\\\n]|\\.)*")
    |   (?P<raw>`[^`]*`)
    |   (?P<char>'(?:[^'\\\n]|\\.)*')
    |   (?P<number>[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.]))
    |   (?P<field>\.[^\W\d]\w*)
    |   (?P<dot>\.(?!\w))
    |   (?P<variable>\$\w*)
    |   (?P<word>[^\W\d]\w*)
    |   (?P<mark>:=|[=|(),])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))")
_SIMPLE = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))
_LAST_CHARACTER = 0x10FFFF


def tokens(source: Source) -> Iterator[Token]:
    """Take a template apart; the last token is an `END`. Raises `TemplateError` for what is no token."""
    text, at, trim = source.text, 0, False
    while opened := _OPEN.search(text, at):
        yield from _text(text[at : opened.start()], at, trim, bool(opened[1]))
        at = opened.end()
        if _COMMENT.match(text, at) or text[at:].lstrip(_BLANKS).startswith("/*"):
            at, trim = _comment(source, opened.start(), at)
            continue
        at, trim = yield from _action(source, opened.start(), at)
    yield from _text(text[at:], at, trim, False)
    yield Token(END, END, len(text), False)


def _text(text: str, at: int, trim_left: bool, trim_right: bool) -> Iterator[Token]:
    text = text.lstrip(_BLANKS) if trim_left else text
    text = text.rstrip(_BLANKS) if trim_right else text
    if text:
        yield Token(TEXT, text, at, False)


def _comment(source: Source, start: int, at: int) -> tuple[int, bool]:
    found = _COMMENT.match(source.text, at)
    if not found:
        source.fail(start, "the comment is not closed by */}}")
    return found.end(), bool(found[1])


def _action(source: Source, start: int, at: int) -> Generator[Token, None, tuple[int, bool]]:
    spaced = False
    while not (closed := _CLOSE.match(source.text, at)):
        piece = _PIECE.match(source.text, at)
        if not piece:
            _refuse(source, start, at)
        spaced_before, spaced = spaced, piece.lastgroup == "blank"
        if not spaced:
            yield _token(source, piece, spaced_before)
        at = piece.end()
    yield Token(CLOSE, CLOSE, closed.end() - len(CLOSE), spaced)
    return closed.end(), bool(closed[1])


def _refuse(source: Source, start: int, at: int) -> NoReturn:
    rest = source.text[at:]
    if not rest.lstrip(_BLANKS) or OPEN in rest.partition("\n")[0].partition(CLOSE)[0]:
        source.fail(start, "{{ is not closed by }}")
    if rest[0] in "\"'`":
        source.fail(at, f"what is quoted by {rest[0]} does not end")
    source.fail(at, f'"{rest.partition(CLOSE)[0].split(maxsplit=1)[0]}" is not understood')


def _token(source: Source, piece: re.Match[str], spaced: bool) -> Token:
    kind, text, at = piece.lastgroup or "", piece[0], piece.start()
    if kind in ("string", "char"):
        inner = _unescaped(source, text[1:-1], at + 1)
        return Token("literal", inner if kind == "string" else _character(source, inner, at), at, spaced)
    if kind == "raw":
        return Token("literal", text[1:-1], at, spaced)
    if kind == "number":
        return Token("literal", _number(text), at, spaced)
    if kind == "mark":
        return Token(text, text, at, spaced)
    return Token(kind, text[1:] if kind in ("field", "variable") else text, at, spaced)


def _unescaped(source: Source, text: str, at: int) -> str:
    def plain(escape: re.Match[str]) -> str:
        simple, *hexadecimal, octal, wrong = escape.groups()
        code = int(octal, 8) if octal else int(next(filter(None, hexadecimal), "0"), 16)
        if wrong or code > _LAST_CHARACTER:
            source.fail(at + escape.start(), f"{escape[0]} is no character")
        return _SIMPLE[simple] if simple else chr(code)

    return _ESCAPE.sub(plain, text)


def _character(source: Source, text: str, at: int) -> int:
    if len(text) != 1:
        source.fail(at, "between '' stands one character; text is quoted by \"\"")
    return ord(text)


def _number(text: str) -> int | float:
    if "x" in text.lower():
        return int(text, 16)
    return int(text) if text.lstrip("+-").isdecimal() else float(text)
