"""The table of Secret. What is wrong with a value is told without the value."""

from __future__ import annotations

import base64

from peapod.codec.engine.many import Entries
from peapod.codec.engine.scalars import TEXT
from peapod.codec.engine.shapes import text
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1.meta import METADATA

_LINE_ENDS = str.maketrans("", "", "\r\n")


def take_bytes(_: str, value: object) -> bytes:
    """Read standard base64, which may be broken into lines; raise ValueError for anything else."""
    encoded = text(value).translate(_LINE_ENDS)
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ValueError("must be base64") from None


def give_bytes(_: str, value: bytes) -> str:
    """Write base64 in one line."""
    return base64.b64encode(value).decode()


OWN = (
    Field("data", "data", Entries(take_bytes, give_bytes)),
    Field("type", "type", TEXT),
)

SECRET = Table("Secret", *METADATA, *OWN)
