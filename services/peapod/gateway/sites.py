"""Pages of other sites: a browser lets them send requests to this machine, and nobody meant that."""

from __future__ import annotations

import ipaddress
from collections.abc import Container
from typing import Any
from urllib.parse import urlsplit

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def asked_from_elsewhere(scope: Any) -> str:
    """Name the site of the page that has a browser send a request; empty where it is our own, or no page at all.

    Browsers tell in `Origin` whose page it is, where it may change something, and in `Sec-Fetch-Site` how that relates.
    """
    origin, host = (_header(scope, name) for name in (b"origin", b"host"))
    if origin and _place(origin) != host.lower():
        return origin
    return "another site" if _header(scope, b"sec-fetch-site") == "cross-site" else ""


def is_known(scope: Any, names: Container[str]) -> bool:
    """Tell whether a request names its server by an address, as this machine, or by one of some names.

    A page of another site can have its own name lead here (DNS rebinding); to the browser it is then our page.
    """
    host = _header(scope, b"host").lower()
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name in ("", "localhost") or name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def may_change(scope: Any) -> bool:
    """Tell whether a request may do more than read what a browser would not show to other sites."""
    return scope["type"] == "websocket" or scope["method"] not in _READING


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _header(scope: Any, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
