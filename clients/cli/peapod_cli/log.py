"""`peapod log`: what a container wrote, each line with its time."""

from __future__ import annotations

import time
from argparse import Namespace
from datetime import datetime
from typing import TYPE_CHECKING

from peapod.common.errors import Invalid
from peapod_cli import words
from peapod_cli.calls import Connection
from peapod_cli.console import Console
from peapod_cli.kinds import POD, targets

if TYPE_CHECKING:
    from peapod.v1.log_pb2 import LogOptions


def run(arguments: Namespace, console: Console) -> None:
    """Pass the log through as it comes; with --follow until the container ends."""
    from peapod.v1 import pod_service_pb2 as pb
    from peapod.v1.pod_service_rpc import PodServiceSyncClient

    request = pb.StreamPodLogsRequest(
        namespace=arguments.namespace,
        name=_pod(arguments.pod),
        container=arguments.container,
        options=_options(arguments),
    )
    with Connection(arguments.server) as connection, connection.translated():
        for piece in PodServiceSyncClient(connection.channel).stream_pod_logs(request):
            console.raw(piece.data)


def _pod(word: str) -> str:
    if "/" not in word:
        return word
    [target] = targets([word])
    if target.kind is not POD:
        raise Invalid(f"{target.kind.plural} have no log; name a pod")
    return target.names[0]


def _options(arguments: Namespace) -> LogOptions:
    from peapod.v1 import log_pb2

    options = log_pb2.LogOptions(follow=arguments.follow, previous=arguments.previous, timestamps=True)
    if arguments.tail is not None:
        options.tail_lines = arguments.tail
    if arguments.since:
        options.since_time.FromNanoseconds(round(_since(arguments.since) * 1e9))
    return options


def _since(text: str) -> float:
    """Read a duration before now, or an RFC 3339 time, as Unix seconds."""
    if "T" not in text:
        return time.time() - words.duration(text)
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise Invalid(f'"{text}" is neither a duration such as 10m nor a time such as 2015-01-08T11:52:15Z') from None
