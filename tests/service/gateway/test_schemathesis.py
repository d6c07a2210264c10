"""Requests that the gateway's own schema allows, made up by schemathesis: each is answered, and none breaks it."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from tests.support.openapi import from_swagger

EXAMPLES = 4
"""Of each operation; the bench tier's fuzzer goes on for longer."""


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2", "v1beta3"])
@pytest.mark.timeout(180)
def test_whatever_the_schema_allows_is_answered(rest: str, version: str) -> None:
    base = f"http://{rest}"
    with urllib.request.urlopen(f"{base}/swaggerapi/api/{version}", timeout=10) as answer:
        schema = schemathesis.openapi.from_dict(from_swagger(json.load(answer)))
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 50
    for operation in operations:
        if "/watch/" not in operation.path:
            _try(operation, base)


def _try(operation: Any, base: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        database=None,
    )
    @given(case=operation.as_strategy())
    def each(case: Any) -> None:
        # A watch is answered for as long as it lasts; watches have tests of their own.
        case.query.pop("watch", None)
        response = case.call(base_url=base, timeout=30)
        assert response.status_code < 500, (case.as_curl_command(), response.text)
        if response.status_code not in (404, 405):
            assert response.json()["kind"], case.as_curl_command()

    each()
