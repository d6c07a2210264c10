"""Where commands look when nobody has said where."""

from __future__ import annotations

DEFAULT_SERVER = "127.0.0.1:7070"
DEFAULT_GATEWAY = "http://127.0.0.1:8080"
DEFAULT_NAMESPACE = "default"
