"""What ports have in common, whoever has them."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.common import names
from peapod.common.errors import Violation
from peapod.v1 import pod_pb2

LAST = 65535
_PROTOCOLS = (pod_pb2.PROTOCOL_TCP, pod_pb2.PROTOCOL_UDP)


def number_violations(number: int, path: str) -> Iterator[Violation]:
    """Find a number that no port has."""
    if not 1 <= number <= LAST:
        yield Violation(path, f"must be 1 to {LAST}, not {number}")


def name_violations(name: str, path: str) -> Iterator[Violation]:
    """Find a name that no port can have; it may have none."""
    if name and (problem := names.dns_label_problem(name)):
        yield Violation(path, problem)


def protocol_violations(protocol: pod_pb2.Protocol, path: str) -> Iterator[Violation]:
    """Find a protocol that is none; the default is set."""
    if protocol not in _PROTOCOLS:
        yield Violation.not_supported(path, "must be TCP or UDP")
