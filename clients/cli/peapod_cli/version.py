"""`peapod version`, and whether two versions are the same."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

import peapod
from peapod.common.errors import NotReady
from peapod_cli.console import Console

if TYPE_CHECKING:
    from peapod.v1.version_service_pb2 import GetVersionResponse


def run(arguments: Namespace, console: Console) -> None:
    """Print the client's version and, unless --client is given, the server's."""
    console.line(f"Client Version: {peapod.__version__}")
    if arguments.client:
        return
    answer = _of_server(arguments.server)
    console.line(f"Server Version: {answer.version} ({answer.service})")


def check(server: str) -> None:
    """Raise `NotReady` when a server is of another version than this client."""
    if (theirs := _of_server(server).version) != peapod.__version__:
        raise NotReady(f"the server at {server} is of version {theirs}, and this client of {peapod.__version__}")


def _of_server(server: str) -> GetVersionResponse:
    from peapod.v1.version_service_pb2 import GetVersionRequest
    from peapod.v1.version_service_rpc import VersionServiceSyncClient
    from peapod_cli.calls import ANSWER_SECONDS, Connection

    with Connection(server) as connection, connection.translated():
        client = VersionServiceSyncClient(connection.channel)
        return client.get_version(GetVersionRequest(), timeout=ANSWER_SECONDS)
