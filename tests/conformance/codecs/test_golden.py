"""Files of each version, what they mean in the contract, and what is written back.

Beside each `NAME.json` (what a user may write) stand `NAME.txtpb` (the message) and `NAME.written.json` (the answer,
to the letter).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.protobuf import text_format
from google.protobuf.message import Message

from peapod.codec import codec
from peapod.codec.codec import Decoded
from peapod.codec.versions import VERSIONS
from tests.support.messages import with_plain_amounts

HERE = Path(__file__).parent
CASES = sorted(f"{path.parent.name}/{path.stem}" for version in VERSIONS for path in (HERE / version).glob("*.txtpb"))
EACH = pytest.mark.parametrize("case", CASES)


def given(case: str) -> Decoded:
    return codec.decode(json.loads((HERE / f"{case}.json").read_text()))


def meant(case: str) -> Message:
    message = given(case).message
    assert message is not None
    return message


@EACH
def test_a_file_is_read_as_its_message(case: str) -> None:
    decoded = given(case)
    assert (list(decoded.problems), list(decoded.unknown)) == ([], [])
    assert decoded.message is not None
    expected = text_format.Parse((HERE / f"{case}.txtpb").read_text(), type(decoded.message)())
    assert decoded.message == expected


@EACH
def test_the_message_is_written_to_the_letter(case: str) -> None:
    version = VERSIONS[case.partition("/")[0]]
    written = json.dumps(version.encode(meant(case)), indent=2) + "\n"
    assert written == (HERE / f"{case}.written.json").read_text()


@EACH
def test_what_is_written_says_the_same(case: str) -> None:
    again = codec.decode(json.loads((HERE / f"{case}.written.json").read_text()))
    assert (list(again.problems), list(again.unknown)) == ([], [])
    assert again.message == meant(case)


@EACH
@pytest.mark.parametrize("version", VERSIONS)
def test_one_object_reads_in_every_version(case: str, version: str) -> None:
    """Also where it was stored by another: no version loses what one of the others has words for."""
    again = codec.decode(VERSIONS[version].encode(meant(case)))
    assert (list(again.problems), list(again.unknown)) == ([], [])
    assert again.message is not None
    assert with_plain_amounts(again.message) == with_plain_amounts(meant(case))


@pytest.mark.parametrize("version", VERSIONS)
def test_there_is_a_file_of_every_kind(version: str) -> None:
    found = {VERSIONS[version].form_of(meant(case)).name for case in CASES if case.startswith(f"{version}/")}
    assert found == set(VERSIONS[version].kinds)
