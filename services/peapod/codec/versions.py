"""The versions that there are."""

from __future__ import annotations

from collections.abc import Mapping

from peapod.codec.v1beta1.forms import FORMS
from peapod.codec.v1beta1.layout import Inlined
from peapod.codec.version import Version

V1BETA1 = Version("v1beta1", FORMS, Inlined("v1beta1", minions=True))
V1BETA2 = Version("v1beta2", FORMS, Inlined("v1beta2", minions=False))

VERSIONS: Mapping[str, Version] = {version.name: version for version in (V1BETA1, V1BETA2)}
"""By name; the first is the one that is written when nobody asks for another."""
