"""What the engine's and the SDK's errors mean."""

from __future__ import annotations

import requests
from docker.errors import APIError

from peapod.kubelet.runtime.docker.state import one_line
from peapod.kubelet.runtime.runtime import RuntimeUnavailable

BAD_REQUEST = 400
NOT_FOUND = 404
CONFLICT = 409


def words(error: APIError) -> str:
    """Take the engine's own words out of its error, on one line."""
    return one_line(str(error.explanation or error))


def is_status(error: APIError, *statuses: int) -> bool:
    """Say whether the engine answered with one of these HTTP statuses."""
    return error.status_code in statuses


def unavailable(error: Exception) -> RuntimeUnavailable:
    """Say in one sentence why the engine did not do what it was asked."""
    if isinstance(error, RuntimeUnavailable):
        return error
    if isinstance(error, APIError):
        return RuntimeUnavailable(f"the Docker engine answered: {words(error)}")
    return RuntimeUnavailable(f"the Docker engine cannot be reached: {_cause(error)}")


def _cause(error: BaseException) -> str:
    """Find the system's own words: the SDK wraps its errors several times."""
    chain = [error]
    while inner := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(inner)
    if any(isinstance(link, TimeoutError | requests.Timeout) for link in chain):
        return "it did not answer in time"
    known = (link.strerror for link in chain if isinstance(link, OSError) and link.strerror)
    return next(known, one_line(str(error)))
