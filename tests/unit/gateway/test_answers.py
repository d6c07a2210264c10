"""How answers go out: whole or in pieces, compressed or not, and always the same."""

from __future__ import annotations

import gzip
from collections.abc import MutableMapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.gateway import answers
from peapod.gateway.answers import Answer, LongAnswer, Stretch, document, reads_gzip, text

BYTES = st.binary(max_size=20)
STRETCHES = st.lists(st.builds(Stretch, BYTES, st.lists(BYTES, max_size=5), BYTES), max_size=3)


class Sent:
    """What was sent to a client."""

    def __init__(self) -> None:
        self.messages: list[MutableMapping[str, Any]] = []

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        self.messages.append(message)

    @property
    def code(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.messages[0]["headers"])

    @property
    def body(self) -> bytes:
        *before, last = self.messages[1:]
        assert all(message["more_body"] for message in before)
        assert not last.get("more_body")
        return b"".join(message["body"] for message in self.messages[1:])


async def sent(answer: Answer | LongAnswer, *, compress: bool = False) -> Sent:
    found = Sent()
    await answer.send(found, compress=compress)
    return found


@pytest.mark.parametrize(
    ("accepted", "reads"),
    [
        (b"gzip", True),
        (b"GZip", True),
        (b"x-gzip", True),
        (b"deflate, gzip;q=1.0, *;q=0.5", True),
        (b"br;q=1,gzip ; q=0.001", True),
        (b"gzip;q=0", False),
        (b"gzip; q=0.000", False),
        (b"deflate", False),
        (b"gzippy", False),
        (b"identity;x=gzip", False),
        (b"", False),
        (b",;,", False),
    ],
)
def test_a_client_says_whether_it_reads_gzip(accepted: bytes, reads: bool) -> None:
    assert reads_gzip(accepted) is reads


async def test_a_short_answer_is_never_compressed() -> None:
    found = await sent(Answer(200, b"a" * (answers.COMPRESS_LEAST - 1)), compress=True)
    assert b"content-encoding" not in found.headers
    assert found.headers[b"content-length"] == b"%d" % len(found.body)


@pytest.mark.parametrize("size", [answers.COMPRESS_LEAST, answers.COMPRESS_LEAST * 100])
async def test_a_longer_one_is_where_that_is_read(size: int) -> None:
    answer = Answer(201, b"ab" * size, headers=((b"warning", b"x"),))
    plain, packed = await sent(answer), await sent(answer, compress=True)
    assert (plain.code, plain.body, plain.headers[b"warning"]) == (201, answer.body, b"x")
    assert (packed.code, gzip.decompress(packed.body), packed.headers[b"warning"]) == (201, answer.body, b"x")
    assert (packed.headers[b"content-encoding"], packed.headers[b"vary"]) == (b"gzip", b"accept-encoding")
    assert packed.headers[b"content-length"] == b"%d" % len(packed.body)
    assert packed.body == (await sent(answer, compress=True)).body


@given(STRETCHES)
async def test_a_long_answer_is_its_stretches_one_behind_the_other(stretches: list[Stretch]) -> None:
    whole = b"".join(each.before + each.between.join(each.items) for each in stretches)
    answer = LongAnswer(stretches)
    assert (answer.whole(), answer.size) == (whole, len(whole))
    plain, packed = await sent(answer), await sent(answer, compress=True)
    assert (plain.body, plain.headers[b"content-length"]) == (whole, b"%d" % len(whole))
    assert gzip.decompress(packed.body) == whole
    assert b"content-length" not in packed.headers


async def test_a_long_answer_goes_out_in_pieces_of_a_size() -> None:
    answer = LongAnswer([Stretch(b"[", [b"x" * 1000] * 5000, b","), Stretch(b"]")])
    found = await sent(answer)
    sizes = [len(message["body"]) for message in found.messages[1:]]
    assert sum(sizes) == answer.size
    assert max(sizes) <= answers.PIECE_BYTES + 2000
    assert len(sizes) < 12


def test_documents_and_texts_say_what_they_are() -> None:
    assert document(409, {"a": 1}, ((b"x", b"y"),)) == Answer(
        409, b'{\n  "a": 1\n}\n', b"application/json", ((b"x", b"y"),)
    )
    assert text(404, "nö") == Answer(404, "nö".encode(), b"text/plain; charset=utf-8")
