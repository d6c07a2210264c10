"""What the rules of a namespace refuse, as HTTP says it."""

from __future__ import annotations

import pytest

from peapod.common.errors import Conflict, Forbidden, PeapodError, TooMany
from peapod.gateway.resources import PODS
from peapod.gateway.status import About, failure


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (Forbidden('Pod "web" is forbidden: limited to 10 pods'), 403, "Forbidden"),
        (TooMany("too many events"), 429, "TooManyRequests"),
        (Conflict("the lease is not held any more", reason="FENCED"), 409, "Conflict"),
    ],
)
def test_each_error_has_its_code_and_its_reason(error: PeapodError, code: int, reason: str) -> None:
    found, document = failure(error, About(resource=PODS, name="web"))
    assert (found, document["code"], document["reason"]) == (code, code, reason)
    assert error.message in document["message"]


def test_what_is_forbidden_names_the_object() -> None:
    _, document = failure(Forbidden('Pod "web" is forbidden: no'), About(resource=PODS, name="web"))
    assert document["message"] == 'Pod "web" is forbidden: no'
    assert document["details"] == {"id": "web", "kind": "pods"}
