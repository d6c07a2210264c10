"""A lease's way from holder to holder: when it may be taken, and what is written of it."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from peapod.v1.lease_pb2 import Lease


def patience(lease: Lease | None, identity: str, unchanged: float) -> float:
    """Say for how many seconds more to leave a lease alone that was seen unchanged for so many; 0 when it may be taken:
    it ran out, nobody holds it, or an earlier process of the same identity does.
    """
    if lease is None or lease.spec.holder_identity in ("", identity):
        return 0.0
    return max(0.0, lease.spec.lease_duration_seconds - unchanged)


def taken(lease: Lease | None, name: str, identity: str, duration: int) -> Lease:
    """Make what is written to take a lease, as it was seen; even from one's own earlier self it changes hands."""
    wish = _copy(lease) if lease else Lease(metadata={"name": name})
    wish.spec.holder_identity = identity
    wish.spec.lease_duration_seconds = duration
    wish.spec.transitions += 1
    wish.spec.acquire_time.CopyFrom(_now())
    wish.spec.renew_time.CopyFrom(wish.spec.acquire_time)
    return wish


def renewed(lease: Lease) -> Lease:
    """Make what is written to go on holding a lease."""
    wish = _copy(lease)
    wish.spec.renew_time.CopyFrom(_now())
    return wish


def released(lease: Lease) -> Lease:
    """Make what is written to let go of a lease."""
    wish = _copy(lease)
    wish.spec.holder_identity = ""
    return wish


def same_tenure(one: Lease, other: Lease) -> bool:
    """Tell whether two states of a lease are of the same holder, who did not lose it in between."""
    return (one.metadata.uid, one.spec.holder_identity, one.spec.transitions) == (
        other.metadata.uid,
        other.spec.holder_identity,
        other.spec.transitions,
    )


def _copy(lease: Lease) -> Lease:
    copy = Lease()
    copy.CopyFrom(lease)
    return copy


def _now() -> Timestamp:
    now = Timestamp()
    now.GetCurrentTime()
    return now
