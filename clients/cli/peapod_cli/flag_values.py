"""Values of flags that are more than a word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from peapod.common.errors import Invalid
from peapod_cli import label_changes


def read_object(text: str, flag: str) -> dict[str, Any]:
    """Read a JSON object out of a flag; raises `Invalid` for anything else."""
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as wrong:
        raise Invalid(f"{flag} is no JSON: {wrong}") from None
    if not isinstance(found, dict):
        raise Invalid(f'{flag} must be an object such as {{"labels": {{"tier": "web"}}}}')
    return found


def read_pairs(text: str, flag: str) -> Mapping[str, str]:
    """Read `KEY=VALUE,KEY=VALUE` out of a flag; raises `Invalid`, which says everything that is wrong."""
    changes, problems = label_changes.read_changes([word for word in text.split(",") if word])
    problems += [f'"{key}-" sets nothing' for key in sorted(changes.remove)]
    if problems:
        raise Invalid(f"{flag}: {'; '.join(problems)}")
    return changes.set
