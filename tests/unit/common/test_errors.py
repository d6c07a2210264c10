"""What is wrong with a field arrives as it was said, whichever way it goes."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import grpc.aio
import pytest

from peapod.common.errors import (
    CURRENT,
    Conflict,
    Invalid,
    PeapodError,
    Violation,
    from_item,
    from_rpc,
    to_item,
    trailing,
)
from peapod.v1.meta_pb2 import FieldViolation, ItemResult

WORDS: list[tuple[Callable[[str, str], Violation], str]] = [
    (Violation, "INVALID"),
    (Violation.required, "REQUIRED"),
    (Violation.not_supported, "NOT_SUPPORTED"),
    (Violation.duplicate, "DUPLICATE"),
    (Violation.not_found, "NOT_FOUND"),
    (Violation.forbidden, "FORBIDDEN"),
    (Violation.too_long, "TOO_LONG"),
]


def failed(error: PeapodError) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(
        error.code, grpc.aio.Metadata(), grpc.aio.Metadata(*trailing(error)), details=error.message
    )


@pytest.mark.parametrize(("make", "reason"), WORDS)
def test_each_word_arrives(make: Callable[[str, str], Violation], reason: str) -> None:
    violation = make("spec.containers", "is wrong")
    assert violation == ("spec.containers", "is wrong", reason)
    error = Invalid("wrong", [violation])
    item = from_item(to_item(error))
    assert item is not None
    assert item.violations == from_rpc(failed(error)).violations == (violation,)


def test_a_field_that_is_required_says_so() -> None:
    assert Violation.required("a").description == "is required"


def test_who_knows_no_words_says_invalid() -> None:
    told = FieldViolation(field="a", description="b")
    item = from_item(ItemResult(code=grpc.StatusCode.INVALID_ARGUMENT.value[0], violations=[told]))
    assert item is not None
    assert item.violations == (Violation("a", "b"),)


def test_facts_arrive_beside_the_message() -> None:
    error = from_rpc(failed(Conflict("it was changed", facts={CURRENT: "7"})))
    assert isinstance(error, Conflict)
    assert (error.message, error.facts) == ("it was changed", {CURRENT: "7"})
    assert from_rpc(failed(Conflict("it was changed"))).facts == {}
