"""Files of v1beta1, what they mean in the contract, and what is written back.

Beside each `NAME.json` (what a user may write) stand `NAME.txtpb` (the message) and `NAME.written.json` (the answer,
to the letter).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.protobuf import text_format

from peapod.codec import codec
from peapod.codec.versions import V1BETA1

GOLDEN = Path(__file__).parent / "v1beta1"
CASES = sorted(path.stem for path in GOLDEN.glob("*.txtpb"))


@pytest.mark.parametrize("case", CASES)
def test_a_file_is_read_as_its_message(case: str) -> None:
    decoded = codec.decode(json.loads((GOLDEN / f"{case}.json").read_text()))
    assert (list(decoded.problems), list(decoded.unknown)) == ([], [])
    assert decoded.message is not None
    expected = text_format.Parse((GOLDEN / f"{case}.txtpb").read_text(), type(decoded.message)())
    assert decoded.message == expected


@pytest.mark.parametrize("case", CASES)
def test_the_message_is_written_to_the_letter(case: str) -> None:
    decoded = codec.decode(json.loads((GOLDEN / f"{case}.json").read_text()))
    assert decoded.message is not None
    written = json.dumps(V1BETA1.encode(decoded.message), indent=2) + "\n"
    assert written == (GOLDEN / f"{case}.written.json").read_text()


@pytest.mark.parametrize("case", CASES)
def test_what_is_written_says_the_same(case: str) -> None:
    given = codec.decode(json.loads((GOLDEN / f"{case}.json").read_text()))
    again = codec.decode(json.loads((GOLDEN / f"{case}.written.json").read_text()))
    assert (list(again.problems), list(again.unknown)) == ([], [])
    assert again.message == given.message
