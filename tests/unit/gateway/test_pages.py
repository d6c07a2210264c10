"""HTML whose links are rewritten as it streams by."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.gateway.forward.links import Links
from peapod.gateway.forward.pages import HELD_MOST, PIECE, Page, Transform, Unzipped

LINKS = Links("/p", frozenset({"10.0.0.1:80"}), "", False)
ALIKE = Links("", frozenset(), "", False)
"""Rewrites every reference into itself."""

PAGE = """<!DOCTYPE html>
<html><head><title>A <a href="/not a tag"> title</title>
<base href='/app/'><link rel=stylesheet HREF=/style.css>
<script src="/a.js"></script><script>if (a < b) document.write('<a href="/kept">');</script>
<!-- <a href="/comment"> --></head>
<body background="/b.png" title="src='/kept'" data-href="/kept">
<a
  class="x"
  href = "/a?b=1&amp;c=2#d">a &amp; b &lt; c &# &nope</a> < <3
<img src="http://10.0.0.1:80/i.png" alt="Bücher > '/'"/><form action='/go' method=post>
<a href="relative">r</a><a href="https://example.com/">e</a><a href>none</a><a href="">empty</a>
</body></html>
"""
TURNED = {
    "'/app/'": "'/p/app/'",
    "HREF=/style": "HREF=/p/style",
    '"/a.js"': '"/p/a.js"',
    '"/b.png"': '"/p/b.png"',
    '"/a?b': '"/p/a?b',
    '"http://10.0.0.1:80/i.png"': '"/p/i.png"',
    "'/go'": "'/p/go'",
}


def expected() -> bytes:
    page = PAGE
    for before, after in TURNED.items():
        page = page.replace(before, after)
    # What stands in a title is text, but the parser of some versions of Python takes it for tags.
    return page.replace('"/not a tag"', '"/p/not a tag"').encode()


def through(transform: Transform, pieces: Iterable[bytes]) -> bytes:
    return b"".join(ready for piece in pieces for ready in transform.feed(piece)) + transform.end()


def cut(data: bytes, size: int) -> Iterable[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("size", [1, 2, 7, 100, 10_000])
def test_links_are_rewritten_wherever_the_page_is_cut(size: int) -> None:
    rewritten = through(Page(LINKS), cut(PAGE.encode(), size))
    for turned in TURNED.values():
        assert turned.encode() in rewritten
    assert rewritten.replace(b'"/not a tag"', b'"/p/not a tag"') == expected()


def test_a_tag_is_sent_as_soon_as_it_is_whole() -> None:
    page = Page(LINKS)
    assert b"".join(page.feed(b'<p>one</p><a href="/x')) == b"<p>one</p>"
    assert b"".join(page.feed(b'">')) == b'<a href="/p/x">'


@given(
    st.lists(
        st.sampled_from(
            [
                "<a ",
                "href=",
                '"',
                "'",
                ">",
                "<",
                "/",
                "x",
                "&",
                "#",
                "\n",
                "<!--",
                "-->",
                "<![",
                "<script>",
                "</script>",
            ]
        )
    ),
    st.integers(1, 9),
)
def test_everything_else_stays_as_it_is(parts: list[str], size: int) -> None:
    page = "".join(parts).encode()
    assert through(Page(ALIKE), cut(page, size)) == page


@given(st.binary(), st.integers(1, 9))
def test_any_bytes_stay_as_they_are(page: bytes, size: int) -> None:
    assert through(Page(ALIKE), cut(page, size)) == page


@pytest.mark.parametrize("opening", [b"<!--", b"<script>", b'<a title="'])
def test_what_never_ends_is_not_held_forever(opening: bytes) -> None:
    page = Page(LINKS)
    sent = b"".join(ready for piece in cut(opening + b"x" * 2 * HELD_MOST, PIECE) for ready in page.feed(piece))
    assert len(sent) > HELD_MOST


@pytest.mark.parametrize("size", [1, 100, 10_000])
def test_compressed_pages_are_unpacked(size: int) -> None:
    packed = gzip.compress(b'<a href="/one">') + gzip.compress(b'<a href="/two">')
    assert through(Unzipped(Page(LINKS)), cut(packed, size)) == b'<a href="/p/one"><a href="/p/two">'


def test_a_small_page_that_unpacks_to_a_large_one_comes_bit_by_bit() -> None:
    packed = gzip.compress(b" " * 50_000_000)
    pieces = Unzipped(Page(LINKS)).feed(packed)
    assert all(len(next(pieces)) <= PIECE for _ in range(100))


@pytest.mark.parametrize("packed", [b"no gzip at all", gzip.compress(PAGE.encode())[:-9]])
def test_what_cannot_be_unpacked_is_an_error(packed: bytes) -> None:
    with pytest.raises(zlib.error):
        through(Unzipped(Page(LINKS)), [packed])
