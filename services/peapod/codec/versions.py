"""The versions that there are."""

from __future__ import annotations

from collections.abc import Mapping

from peapod.codec.v1beta1 import forms as v1beta1
from peapod.codec.v1beta1.layout import Inlined
from peapod.codec.v1beta2 import forms as v1beta2
from peapod.codec.v1beta3 import forms as v1beta3
from peapod.codec.v1beta3.layout import Nested
from peapod.codec.version import Version

V1BETA1 = Version("v1beta1", v1beta1.FORMS, Inlined("v1beta1", minions=True))
V1BETA2 = Version("v1beta2", v1beta2.FORMS, Inlined("v1beta2", minions=False))
V1BETA3 = Version("v1beta3", v1beta3.FORMS, Nested("v1beta3"))

VERSIONS: Mapping[str, Version] = {version.name: version for version in (V1BETA1, V1BETA2, V1BETA3)}
"""By name; the first is the one that is written when nobody asks for another."""
