"""The parameters of a request (v1beta1.md, 4.3 and 4.4): pure, and complete about what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

from peapod.common.errors import Invalid

_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_REVISION = re.compile(r"[0-9]{1,19}")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_FALSE = frozenset({"false", "0"})

_REMEMBERED_BYTES = 512
"""Queries that are asked again and again are short, and long ones are not kept."""

WRITE_SECONDS = 120.0
"""How long a write may take when the client does not say."""


@dataclass(frozen=True)
class Query:
    """What a client may say behind the question mark. Parameters that nobody knows are passed over, as in 2015."""

    namespace: str | None = None
    """None where it is not given; empty where it is, and empty."""
    labels: str = ""
    fields: str = ""
    watch: bool = False
    revision: int = 0
    timeout: float = WRITE_SECONDS
    """In seconds."""
    strict: bool = False


EMPTY = Query()


def parse(text: bytes) -> Query:
    """Read the raw query. Raises `Invalid`."""
    if not text:
        return EMPTY
    return _parse_again(text) if len(text) <= _REMEMBERED_BYTES else _parse(text)


def _parse(text: bytes) -> Query:
    try:
        given = dict(reversed(parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict")))
    except UnicodeDecodeError:
        raise Invalid("the query is not UTF-8 in %-encoding") from None
    return Query(
        namespace=given.get("namespace"),
        labels=given.get("labels", given.get("labelSelector", "")),
        fields=given.get("fields", given.get("fieldSelector", "")),
        watch="watch" in given and given["watch"].lower() not in _FALSE,
        revision=_revision(given),
        timeout=_duration(given["timeout"]) if given.get("timeout") else WRITE_SECONDS,
        strict="strict" in given and given["strict"].lower() not in _FALSE,
    )


_parse_again = lru_cache(maxsize=4096)(_parse)


def _revision(given: Mapping[str, str]) -> int:
    text = given.get("resourceVersion", "")
    if text and not (_REVISION.fullmatch(text) and int(text) < 2**63):
        raise Invalid(f"resourceVersion: {text[:100]!r} is no version: a whole number is", reason="BAD_VERSION")
    return int(text or 0)


def _duration(text: str) -> float:
    parts = _DURATION.findall(text)
    if text == "0":
        return WRITE_SECONDS
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise Invalid(f"timeout: {text[:100]!r} is no duration such as 30s or 4m0s")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return min(seconds or WRITE_SECONDS, 3600.0)
