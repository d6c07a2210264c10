from urllib.parse import quote

import grpc
import pytest

from peapod.common import errors
from peapod.common.errors import Invalid, NotFound, PeapodError, Violation
from peapod.common.guard import STATUS_MOST, fitting


def wire_size(error: PeapodError) -> int:
    return len(quote(error.message)) + errors.to_status(error).ByteSize()


def test_an_error_that_fits_is_left_alone() -> None:
    error = Invalid("wrong", [Violation("spec.containers", "must not be empty")] * 50)
    assert fitting(error) is error


@pytest.mark.parametrize("letter", ["x", "ü", "🫛"])
def test_a_long_error_is_cut_and_says_so(letter: str) -> None:
    violations = [Violation.not_supported(f"spec.containers[{number}].name", letter * 300) for number in range(1000)]
    error = fitting(Invalid(letter * 100_000, violations))
    assert wire_size(error) <= STATUS_MOST
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID")
    assert error.violations[0] == Violation.not_supported("spec.containers[0].name", letter * 200 + "...")
    kept = len(error.violations) - 1
    assert kept >= 2
    assert error.violations[-1] == Violation("", f"{1000 - kept} more fields are wrong")


def test_many_short_violations_nearly_fill_the_room() -> None:
    error = fitting(Invalid("wrong", [Violation(f"f{number}", "bad") for number in range(5000)]))
    assert STATUS_MOST * 0.5 < wire_size(error) <= STATUS_MOST


def test_a_long_message_alone() -> None:
    error = fitting(NotFound("x" * 100_000))
    assert error.message == "x" * 200 + "..."
    assert error.violations == ()
