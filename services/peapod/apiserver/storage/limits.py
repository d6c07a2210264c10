"""What a commit may be, the same for every engine."""

from __future__ import annotations

from collections.abc import Sequence

from peapod.apiserver.storage.store import Operation, Put
from peapod.common.errors import Invalid

ROOT = "/peapod/"
"""Every key starts with this; a part that starts with a dot right below is the engine's own."""
MOST_OPERATIONS = 100
"""How many operations a commit may have: etcd takes 128 with all that is wrapped around them."""
MOST_BYTES = 9 << 17
"""How many bytes the values of a commit may have together: a secret's 1 MiB and its metadata fit, and etcd takes
1.5 MiB with all around them."""


def check(operations: Sequence[Operation]) -> None:
    """Raise `Invalid` for a commit that no store takes, whatever is in it."""
    if len(operations) > MOST_OPERATIONS:
        raise Invalid(f"a commit of {len(operations)} operations: at most {MOST_OPERATIONS} are allowed")
    if len({operation.key for operation in operations}) < len(operations):
        raise Invalid("a commit that names a key twice")
    for operation in operations:
        if not operation.key.startswith(ROOT) or operation.key.startswith(ROOT + "."):
            raise Invalid(f'"{operation.key}" is no key for an object')
    if size(operations) > MOST_BYTES:
        raise Invalid(f"a commit of {size(operations)} bytes: at most {MOST_BYTES} are allowed")


def size(operations: Sequence[Operation]) -> int:
    """How many bytes the values have together."""
    return sum(len(operation.value) for operation in operations if isinstance(operation, Put))
