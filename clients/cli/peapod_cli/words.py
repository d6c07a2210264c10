"""How values are said to people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from peapod.common.errors import Invalid

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from peapod.v1.pod_pb2 import IntOrString

NONE = "<none>"

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)(ms|s|m|h))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def labels(pairs: Mapping[str, str]) -> str:
    """Write `k=v,k=v` in order of the keys."""
    return ",".join(f"{key}={pairs[key]}" for key in sorted(pairs)) or NONE


def plain(value: int, names: type, prefix: str) -> str:
    """Write an enum's value without its prefix: POD_PHASE_RUNNING as Running; "" for none."""
    name: str = names.Name(value)  # type: ignore[attr-defined]
    word = name.removeprefix(prefix)
    return "" if word == "UNSPECIFIED" else "".join(part.capitalize() for part in word.split("_"))


def protocol(value: int) -> str:
    """Write a protocol in upper case."""
    from peapod.v1 import pod_pb2

    return plain(value, pod_pb2.Protocol, "PROTOCOL_").upper()


def port(value: IntOrString) -> str:
    """Write a port by its name or its number; 0 is none."""
    return value.text or str(value.number)


def moment(time: Timestamp) -> str:
    """Write RFC 1123 with the zone as a number, in UTC."""
    return format_datetime(datetime.fromtimestamp(time.seconds, UTC))


def age(seconds: float) -> str:
    """Write roughly how long ago something was."""
    minutes, hours = int(seconds / 60), int(seconds / 3600)
    rules = (
        (seconds < 1, "Less than a second"),
        (seconds < 60, f"{int(seconds)} seconds"),
        (minutes == 1, "About a minute"),
        (minutes < 60, f"{minutes} minutes"),
        (hours == 1, "About an hour"),
        (hours < 48, f"{hours} hours"),
        (hours < 24 * 14, f"{hours // 24} days"),
        (hours < 24 * 30 * 3, f"{hours // 24 // 7} weeks"),
        (hours < 24 * 365 * 2, f"{hours // 24 // 30} months"),
    )
    return next((words for holds, words in rules if holds), f"{hours // 24 // 365} years")


def duration(text: str) -> float:
    """Read seconds from `90s`, `1h30m` and the like; raise `Invalid` for anything else."""
    if not _DURATION.fullmatch(text):
        raise Invalid(f'"{text}" is no duration such as 90s, 10m or 1h30m')
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
