"""A client of the SDK on one kept connection.

The SDK's own transport opens a connection for each path that is asked for, keeps up to 25 of them per client, and
leaks the socket of one that failed.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from docker import APIClient
from docker.constants import MINIMUM_DOCKER_API_VERSION
from docker.utils import parse_host
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

_SCHEME = "http+docker://"


class Client(APIClient):
    """The SDK's low-level client, in the newest version of the API that the engine knows. For one thread."""

    def __init__(self, address: str, *, timeout: int, **kwargs: Any) -> None:
        super().__init__(address, version=MINIMUM_DOCKER_API_VERSION, timeout=timeout, **kwargs)
        if self.base_url.startswith(_SCHEME):
            self.mount(_SCHEME, _UnixAdapter(str(parse_host(address)).removeprefix("http+unix://")))
        self._version = self.version(api_version=False)["ApiVersion"]


class _UnixAdapter(HTTPAdapter):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._pool = _UnixPool(path)

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: tuple[str, str] | str | None = None,
    ) -> HTTPConnectionPool:
        return self._pool

    def request_url(self, request: requests.PreparedRequest, proxies: Mapping[str, str] | None) -> str:
        return str(request.path_url)

    def close(self) -> None:
        self._pool.close()


class _UnixPool(HTTPConnectionPool):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", maxsize=1)
        self._path = path

    def _new_conn(self) -> HTTPConnection:
        return _UnixConnection(self._path)


class _UnixConnection(HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def _new_conn(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.timeout)
            connection.connect(self._path)
        except OSError as error:
            connection.close()
            raise urllib3.exceptions.NewConnectionError(self, "no engine") from error
        return connection
