"""The gateway, asked over HTTP."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from peapod.common.errors import Invalid, Unavailable
from peapod_cli import fetching


def checked(url: str) -> str:
    """Check the address of a gateway, and return it without a slash at its end; raises `Invalid` for what is none."""
    try:
        parts = urlsplit(url)
        known = parts.scheme == "http" and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.query or parts.fragment or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid(f'the gateway "{url}" is no URL such as http://127.0.0.1:8080')
    return url.rstrip("/")


def get(url: str, path: str) -> Any:
    """Ask for a JSON document; raises `Unavailable` when there is none."""
    data = fetching.fetch(f"{checked(url)}{path}", what=f"the gateway at {url}", nearby=True)
    try:
        return json.loads(data)
    except ValueError:
        raise Unavailable(f"what listens at {url} is no Peapod gateway: {path} is no JSON") from None
