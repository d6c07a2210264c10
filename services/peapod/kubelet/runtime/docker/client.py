"""The Docker engine as a coroutine sees it: the SDK's low-level client in threads, since it blocks and since no two
threads may share one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, TypeVar

import requests
import urllib3
from docker import APIClient
from docker.errors import APIError, DockerException, NotFound, create_api_error_from_http_exception
from docker.tls import TLSConfig
from docker.utils import kwargs_from_env

from peapod.kubelet.runtime.docker.errors import unavailable
from peapod.kubelet.runtime.docker.line import Place
from peapod.kubelet.runtime.docker.stream import Stream
from peapod.kubelet.runtime.docker.transport import Client
from peapod.kubelet.runtime.runtime import RuntimeUnavailable

T = TypeVar("T")
Work = Callable[[APIClient], T]
"""What is done with a client, in a thread."""

CHANGES = 4
"""Containers that are made or removed at the same time; with more, an engine gets slower, not faster."""
QUESTIONS = 4
WAITS = 64
"""Stops at the same time: they are long and idle."""
PATIENCE = 60
"""Seconds without an answer after which the engine is taken for lost."""

_LOST = (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class Engine:
    """One Docker engine: the one at `address`, or the one that the environment names.

    Everything raises `RuntimeUnavailable` when the engine cannot be reached, or answers with an error that the
    work in hand did not handle.
    """

    def __init__(self, address: str = "") -> None:
        settings = kwargs_from_env()
        self._address = address or settings.get("base_url", "")
        self._tls: TLSConfig | None = settings.get("tls")
        self._changing = _Workers("change", CHANGES, self)
        self._asking = _Workers("ask", QUESTIONS, self)
        self._waiting = _Workers("wait", WAITS, self)
        self._streams: set[Stream] = set()
        self.closed = False

    @cached_property
    def place(self) -> Place:
        """Where the engine listens."""
        try:
            return Place.of(self._address, self._tls)
        except (DockerException, OSError) as error:
            raise unavailable(error) from error

    async def ask(self, work: Work[T]) -> T:
        """Do what is answered at once."""
        return await self._asking.run(work)

    async def change(self, work: Work[T]) -> T:
        """Do what is hard for the engine, a few at a time."""
        return await self._changing.run(work)

    async def wait(self, work: Work[T]) -> T:
        """Do what is mostly waiting."""
        return await self._waiting.run(work)

    def stream(self, name: str, ask: Callable[[APIClient], requests.Response]) -> Stream:
        """Ask for a response that goes on; it is read inside `async with`."""
        if self.closed:
            raise RuntimeUnavailable("the Docker runtime is closed")
        stream = Stream(name, self.connect, ask, on_end=self._streams.discard)
        self._streams.add(stream)
        return stream

    def connect(self) -> APIClient:
        """Make a client for one thread."""
        try:
            return Client(self._address, tls=self._tls or False, timeout=PATIENCE)
        except ValueError as error:
            raise RuntimeUnavailable(f"the config file of the docker command cannot be used: {error}") from error

    def close(self) -> None:
        """End the streams and take no more work; work that a thread has begun goes on to its end. Idempotent."""
        self.closed = True
        for stream in tuple(self._streams):
            stream.cut()
        for workers in (self._changing, self._asking, self._waiting):
            workers.close()


class _Workers:
    """Threads with a client each."""

    def __init__(self, name: str, most: int, engine: Engine) -> None:
        self._connect = engine.connect
        self._executor = ThreadPoolExecutor(most, thread_name_prefix=f"docker-{name}")
        self._local = threading.local()
        self._clients: set[APIClient] = set()
        self._closed = False

    async def run(self, work: Work[T]) -> T:
        if self._closed:
            raise RuntimeUnavailable("the Docker runtime is closed")
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._run, work)

    def close(self) -> None:
        self._closed = True
        self._executor.shutdown(wait=False, cancel_futures=True)
        for client in tuple(self._clients):
            client.close()

    def _run(self, work: Work[T]) -> T:
        try:
            return work(self._client())
        except APIError as error:
            raise unavailable(error) from error
        except _LOST as error:
            # The engine may come back as another version.
            self._drop_client()
            raise unavailable(error) from error

    def _client(self) -> APIClient:
        client: APIClient | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = self._connect()
            self._clients.add(client)
        return client

    def _drop_client(self) -> None:
        client: APIClient | None = getattr(self._local, "client", None)
        if client is not None:
            self._local.client = None
            self._clients.discard(client)
            client.close()


def find_container(client: APIClient, id: str) -> dict[str, Any] | None:
    """Inspect a container by id or name; None when there is none."""
    try:
        found: dict[str, Any] = client.inspect_container(id)
    except NotFound:
        return None
    return found


def get_stream(
    client: APIClient, path: str, query: Mapping[str, str], *, silence: float | None = None
) -> requests.Response:
    """GET a response that goes on; more than `silence` seconds without a word count as a lost connection.

    Raises `APIError`.
    """
    return _checked(client.get(_url(client, path), params=query, stream=True, timeout=(PATIENCE, silence)))


def post_stream(
    client: APIClient, path: str, query: Mapping[str, str], headers: Mapping[str, str], *, silence: float
) -> requests.Response:
    """POST, and get a response that goes on; with `silence` as above. Raises `APIError`."""
    response = client.post(_url(client, path), params=query, headers=headers, stream=True, timeout=(PATIENCE, silence))
    return _checked(response)


def _url(client: APIClient, path: str) -> str:
    return f"{client.base_url}/v{client.api_version}{path}"


def _checked(response: requests.Response) -> requests.Response:
    try:
        response.raise_for_status()
    except requests.HTTPError as error:
        with response:
            create_api_error_from_http_exception(error)
    return response
