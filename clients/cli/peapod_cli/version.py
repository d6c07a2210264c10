"""`peapod version`."""

from __future__ import annotations

from argparse import Namespace

import peapod
from peapod_cli.console import Console


def run(arguments: Namespace, console: Console) -> None:
    """Print the client's version and, unless --client is given, the server's."""
    console.line(f"Client Version: {peapod.__version__}")
    if arguments.client:
        return
    from peapod.v1.version_service_pb2 import GetVersionRequest
    from peapod.v1.version_service_rpc import VersionServiceSyncClient
    from peapod_cli.calls import ANSWER_SECONDS, Connection

    with Connection(arguments.server) as connection, connection.translated():
        client = VersionServiceSyncClient(connection.channel)
        answer = client.get_version(GetVersionRequest(), timeout=ANSWER_SECONDS)
    console.line(f"Server Version: {answer.version} ({answer.service})")
