"""Objects written as YAML."""

from __future__ import annotations

from typing import Any

import yaml

_FastestDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Dumper(_FastestDumper):  # type: ignore[misc]
    """Writes plain values in full, however often the same one comes."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never point back."""
        return True


def dump(document: Any) -> str:
    """Write a document, keys in the order that they have."""
    text: str = yaml.dump(document, Dumper=Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True)
    return text
