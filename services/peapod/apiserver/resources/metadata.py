"""What the server writes into metadata and keeps there, which is the same for every kind."""

from __future__ import annotations

import random
import string
import time
import uuid
from collections.abc import Iterator

from google.protobuf.timestamp_pb2 import Timestamp

from peapod.common.errors import Violation
from peapod.rules.metadata import DRAWN, PREFIX_KEPT
from peapod.v1 import meta_pb2

# A random node with the multicast bit set, as RFC 4122 has it for those who do not show their hardware address.
_NODE = random.SystemRandom().getrandbits(48) | 1 << 40

_DRAWN = string.ascii_lowercase + string.digits


def now() -> Timestamp:
    """The wall clock in whole seconds, as the API shows times."""
    return Timestamp(seconds=int(time.time()))


def stamp(metadata: meta_pb2.ObjectMeta) -> None:
    """Give a new object what only the server may set, in place."""
    metadata.uid = str(uuid.uuid1(_NODE))
    metadata.creation_timestamp.CopyFrom(now())
    metadata.ClearField("deletion_timestamp")
    metadata.ClearField("resource_version")


def keep(metadata: meta_pb2.ObjectMeta, old: meta_pb2.ObjectMeta) -> None:
    """Carry over on update what users may not set; a missing uid is filled in."""
    metadata.uid = metadata.uid or old.uid
    metadata.creation_timestamp.CopyFrom(old.creation_timestamp)
    metadata.ClearField("deletion_timestamp")
    if old.HasField("deletion_timestamp"):
        metadata.deletion_timestamp.CopyFrom(old.deletion_timestamp)
    metadata.ClearField("resource_version")


def draw_name(prefix: str) -> str:
    """Make a name from metadata.generate_name."""
    return prefix[:PREFIX_KEPT] + "".join(random.choices(_DRAWN, k=DRAWN))


def update_violations(new: meta_pb2.ObjectMeta, old: meta_pb2.ObjectMeta) -> Iterator[Violation]:
    """Find what an update may not change; name and namespace are how the object was found."""
    if new.uid != old.uid:
        yield Violation("metadata.uid", f"is immutable: this is another object, with uid {old.uid}")
