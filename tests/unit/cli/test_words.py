"""How values are said to people."""

from __future__ import annotations

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from peapod.common.errors import Invalid
from peapod.v1 import pod_pb2
from peapod_cli import words

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "Less than a second"),
        (0.9, "Less than a second"),
        (1, "1 seconds"),
        (59, "59 seconds"),
        (MINUTE, "About a minute"),
        (119, "About a minute"),
        (2 * MINUTE, "2 minutes"),
        (HOUR - 1, "59 minutes"),
        (HOUR, "About an hour"),
        (2 * HOUR - 1, "About an hour"),
        (2 * HOUR, "2 hours"),
        (47 * HOUR, "47 hours"),
        (2 * DAY, "2 days"),
        (13 * DAY, "13 days"),
        (14 * DAY, "2 weeks"),
        (89 * DAY, "12 weeks"),
        (90 * DAY, "3 months"),
        (729 * DAY, "24 months"),
        (730 * DAY, "2 years"),
    ],
)
def test_ages(seconds: float, expected: str) -> None:
    assert words.age(seconds) == expected


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1h30m", 5400), ("1.5m", 90), ("500ms", 0.5), ("2h", 7200)]
)
def test_durations(text: str, seconds: float) -> None:
    assert words.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "10 m", "-5s", "5d", "1h-3m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(Invalid, match="no duration"):
        words.duration(text)


def test_times_are_rfc_1123_with_the_zone_as_a_number() -> None:
    assert words.moment(Timestamp(seconds=1420717935)) == "Thu, 08 Jan 2015 11:52:15 +0000"


def test_labels_are_sorted() -> None:
    assert words.labels({"b": "2", "a": "1"}) == "a=1,b=2"
    assert words.labels({}) == "<none>"


def test_enums_lose_their_prefix() -> None:
    assert words.plain(pod_pb2.RESTART_POLICY_ON_FAILURE, pod_pb2.RestartPolicy, "RESTART_POLICY_") == "OnFailure"
    assert words.plain(0, pod_pb2.PodPhase, "POD_PHASE_") == ""
