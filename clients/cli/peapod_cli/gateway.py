"""The gateway, asked over HTTP."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from peapod.common.errors import Invalid, Unavailable
from peapod_cli.calls import ANSWER_SECONDS


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
    # A proxy of the environment is for what is far away.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{checked(url)}{path}", timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            raise Unavailable(f"the gateway at {url} answers {refused.code} {refused.reason} to {path}") from None
    except urllib.error.URLError as away:
        raise Unavailable(f"the gateway at {url} cannot be reached: {_reason(away.reason)}") from None
    except (OSError, http.client.HTTPException) as broken:
        raise Unavailable(f"the gateway at {url} cannot be reached: {_reason(broken)}") from None
    except ValueError:
        raise Unavailable(f"what listens at {url} is no Peapod gateway: {path} is no JSON") from None


def _reason(error: object) -> str:
    said = str(getattr(error, "strerror", None) or error) or type(error).__name__
    return " ".join(said.split()).lower()
