"""What is read over HTTP."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request

from peapod.common.errors import Invalid, Unavailable
from peapod_cli.calls import ANSWER_SECONDS

MOST = 32 * 1024 * 1024
"""Bytes that are read at most."""


def fetch(url: str, *, what: str = "", nearby: bool = False) -> bytes:
    """Read what a URL leads to. Raises `Unavailable` when that is nothing; an error calls the server `what`.

    What is `nearby` is asked without the proxy of the environment, which is for what is far away.
    """
    what = what or url
    # Without a handler of its own, the opener heeds the environment.
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if nearby else []))
    try:
        with opener.open(url, timeout=ANSWER_SECONDS) as answer:
            data: bytes = answer.read(MOST + 1)
    except urllib.error.HTTPError as refused:
        with refused:
            raise Unavailable(f"{what} answers {refused.code} {refused.reason}") from None
    except urllib.error.URLError as away:
        raise Unavailable(f"{what} cannot be reached: {_reason(away.reason)}") from None
    except (OSError, http.client.HTTPException, ValueError) as broken:
        raise Unavailable(f"{what} cannot be reached: {_reason(broken)}") from None
    if len(data) > MOST:
        raise Invalid(f"{what} answers with more than {MOST >> 20} MiB")
    return data


def _reason(error: object) -> str:
    said = str(getattr(error, "strerror", None) or error) or type(error).__name__
    return " ".join(said.split()).lower()
