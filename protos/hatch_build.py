"""The build hook: make the stubs before anything is packed or installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class StubHook(BuildHookInterface):
    """Generates the stubs from the protos, in editable installs too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        path = Path(self.root) / "protos" / "generate.py"
        spec = importlib.util.spec_from_file_location("peapod_generate", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.generate()
