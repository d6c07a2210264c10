"""The engine's log frames, taken apart."""

from __future__ import annotations

import struct

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from peapod.kubelet.runtime.docker.logs import LogFrames, log_query
from peapod.v1 import log_pb2

OUT, ERR = 1, 2


def frame(stream: int, payload: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(payload)) + payload


@given(st.lists(st.binary(max_size=50)), st.lists(st.integers(1, 60)))
def test_frames_may_arrive_in_any_pieces(payloads: list[bytes], cuts: list[int]) -> None:
    received = b"".join(frame(1 + at % 2, payload) for at, payload in enumerate(payloads))
    frames, text = LogFrames(timestamps=False), b""
    for cut in [*cuts, len(received)]:
        text += frames.feed(received[:cut])
        received = received[cut:]
    assert text == b"".join(payloads)


def test_the_stamps_inside_a_long_line_are_taken_out() -> None:
    frames = LogFrames(timestamps=True)
    text = frames.feed(
        frame(OUT, b"T1 begin ")
        + frame(ERR, b"T2 other\n")
        + frame(OUT, b"T3 middle ")
        + frame(OUT, b"T4 end\n")
        + frame(OUT, b"T5 next\n")
    )
    assert text == b"T1 begin T2 other\nmiddle end\nT5 next\n"


def test_without_stamps_nothing_is_taken_out() -> None:
    frames = LogFrames(timestamps=False)
    assert frames.feed(frame(OUT, b"a b ") + frame(OUT, b"c d\n")) == b"a b c d\n"


def test_the_query() -> None:
    assert log_query(log_pb2.LogOptions()) == {
        "stdout": "1",
        "stderr": "1",
        "follow": "0",
        "timestamps": "0",
        "tail": "all",
    }
    since = Timestamp(seconds=7, nanos=8)
    query = log_query(log_pb2.LogOptions(follow=True, timestamps=True, tail_lines=0, since_time=since))
    assert (query["follow"], query["timestamps"], query["tail"], query["since"]) == ("1", "1", "0", "7.000000008")
