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
from peapod_cli.kinds import one_pod

if TYPE_CHECKING:
    from peapod.v1.log_pb2 import LogOptions


def run(arguments: Namespace, console: Console) -> None:
    """Pass the log through as it comes; with --follow until the container ends."""
    from peapod.v1 import pod_service_pb2 as pb
    from peapod.v1.pod_service_rpc import PodServiceSyncClient

    pod, container = _what(arguments)
    request = pb.StreamPodLogsRequest(
        namespace=arguments.namespace, name=pod, container=container, options=_options(arguments)
    )
    with Connection(arguments.server) as connection, connection.translated():
        for piece in PodServiceSyncClient(connection.channel).stream_pod_logs(request):
            console.raw(piece.data)


def _what(arguments: Namespace) -> tuple[str, str]:
    pod, *containers = arguments.words or [""]
    if not pod:
        raise Invalid("say of which pod: peapod log POD [CONTAINER]")
    names = dict.fromkeys(filter(None, (*containers, arguments.container)))
    if len(names) > 1:
        raise Invalid(f"one container has a log at a time, not {' and '.join(names)}")
    return one_pod(pod, "have no log"), next(iter(names), "")


def _options(arguments: Namespace) -> LogOptions:
    from peapod.v1 import log_pb2

    options = log_pb2.LogOptions(follow=arguments.follow, previous=arguments.previous, timestamps=arguments.timestamps)
    if arguments.tail is not None:
        options.tail_lines = arguments.tail
    if arguments.since and arguments.since_time:
        raise Invalid("--since and --since-time exclude each other")
    if arguments.since or arguments.since_time:
        options.since_time.FromMicroseconds(_since(arguments.since, arguments.since_time))
    return options


def _since(ago: str, moment: str) -> int:
    """Read a duration before now, or a time, as microseconds of Unix time."""
    if ago and "T" not in ago:
        try:
            return round(max(0.0, time.time() - words.duration(ago)) * 1e6)
        except Invalid as wrong:
            raise Invalid(f"--since: {wrong.message}") from None
    try:
        at = datetime.fromisoformat(ago or moment)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        flag = "--since" if ago else "--since-time"
        raise Invalid(f'{flag}: "{ago or moment}" is no time with a zone such as 2015-01-08T11:52:15Z')
    return max(0, round(at.timestamp() * 1e6))
