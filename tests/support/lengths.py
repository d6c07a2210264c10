"""How long the tests that draw what they do go on: long enough to find what is new, or through a night."""

from __future__ import annotations

import os

LONG = os.environ.get("PEAPOD_LONG_TESTS") == "true"
"""Whether somebody has asked for the long form."""
