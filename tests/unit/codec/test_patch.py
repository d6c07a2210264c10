"""Merging a patch into a document, as the command line and the gateway do."""

from __future__ import annotations

from typing import Any

import pytest

from peapod.codec.patch import merged

DOCUMENT = {"id": "web", "labels": {"a": "1", "b": "2"}, "list": [1, 2]}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({}, DOCUMENT),
        ({"labels": {"b": "3", "c": "4"}}, DOCUMENT | {"labels": {"a": "1", "b": "3", "c": "4"}}),
        ({"labels": {"a": None, "never": None}}, DOCUMENT | {"labels": {"b": "2"}}),
        ({"labels": None}, {"id": "web", "list": [1, 2]}),
        ({"list": [3]}, DOCUMENT | {"list": [3]}),
        ({"new": {"deep": {"key": 1, "none": None}}}, DOCUMENT | {"new": {"deep": {"key": 1}}}),
        ({"id": {"was": "text"}}, DOCUMENT | {"id": {"was": "text"}}),
    ],
)
def test_what_a_patch_does(patch: dict[str, Any], expected: dict[str, Any]) -> None:
    before = {"id": "web", "labels": {"a": "1", "b": "2"}, "list": [1, 2]}
    assert merged(before, patch) == expected
    assert before == DOCUMENT
