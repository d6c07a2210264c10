from __future__ import annotations

import math

import pytest

from peapod.controllers.config import ControllersConfig


@pytest.mark.parametrize("name", ["node_grace_seconds", "pod_eviction_timeout", "eviction_rate"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_what_cannot_work_is_refused_by_its_flag(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"--{name.replace('_', '-')} must be a positive number"):
        ControllersConfig(**{name: value})  # type: ignore[arg-type]
