"""`peapod exec`: a command in a container, as if it ran here."""

from __future__ import annotations

import os
import select
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from peapod.common.errors import Invalid, Unavailable
from peapod.common.kinds import POD
from peapod_cli import terminal
from peapod_cli.calls import Connection
from peapod_cli.console import Console
from peapod_cli.kinds import one_pod

if TYPE_CHECKING:
    from peapod.v1.exec_pb2 import ExecInput
    from peapod.v1.pod_service_pb2 import ExecInPodRequest, ExecTarget

PIECE = 32 * 1024
"""Bytes of input that are sent at once, at most."""


def run(arguments: Namespace, console: Console) -> None:
    """Run the command, its streams joined to the ones here, and end as it does: its exit code, 128 + N after signal N.

    Without a terminal an interrupt ends this command, and the server then kills the one in the container.
    """
    pod, command = _what(arguments)
    tty = _has_terminal(arguments, console)
    with Connection(arguments.server) as connection:
        container = arguments.container or _first(connection, arguments.namespace, pod, console)
        target = _target(arguments, pod, container, command, tty=tty)
        console.status = _converse(connection, target, console)


def _what(arguments: Namespace) -> tuple[str, Sequence[str]]:
    words = [*arguments.words, *arguments.behind]
    pod = arguments.pod or (words.pop(0) if arguments.words else "")
    if not pod:
        raise Invalid("say in which pod: peapod exec POD -- COMMAND...")
    if not words:
        raise Invalid(f"say what to run: peapod exec {pod} -- COMMAND...")
    return one_pod(pod, "run no commands"), words


def _has_terminal(arguments: Namespace, console: Console) -> bool:
    """Tell whether the command gets a terminal: input that is piped could never end on one."""
    stdin = terminal.standard_input()
    if arguments.tty and arguments.stdin and (stdin is None or not os.isatty(stdin)):
        console.warning("standard input is no terminal, so the command gets none")
        return False
    return bool(arguments.tty)


def _first(connection: Connection, namespace: str, pod: str, console: Console) -> str:
    names = [container.name for container in connection.of(POD).get(namespace, pod).spec.containers]
    if len(names) > 1:
        console.note(f"in container {names[0]}; -c names another: {', '.join(names[1:])}")
    return str(names[0])


def _target(arguments: Namespace, pod: str, container: str, command: Sequence[str], *, tty: bool) -> ExecTarget:
    from peapod.v1.exec_pb2 import ExecOptions
    from peapod.v1.pod_service_pb2 import ExecTarget

    stdin = arguments.stdin and terminal.standard_input() is not None
    options = ExecOptions(command=command, tty=tty, stdin=stdin, size=terminal.size() if tty else None)
    return ExecTarget(namespace=arguments.namespace, name=pod, container=container, options=options)


def _converse(connection: Connection, target: ExecTarget, console: Console) -> int:
    """Pass everything on until the command ends; return its exit code."""
    from peapod.v1.pod_service_rpc import PodServiceSyncClient

    stdin = terminal.standard_input()
    with ExitStack() as stack:
        resizes = stack.enter_context(terminal.resizes())
        if target.options.tty and target.options.stdin and stdin is not None:
            stack.enter_context(terminal.raw(stdin))
        requests = _requests(target, stdin, resizes)
        answers = PodServiceSyncClient(connection.channel).exec_in_pod(requests)
        stack.enter_context(connection.translated())
        for answer in answers:
            output = answer.output
            if output.WhichOneof("output") == "exit_code":
                return output.exit_code
            console.raw(output.stdout or output.stderr, to_errors=bool(output.stderr))
    raise Unavailable(f"the server at {connection.address} did not tell how the command ended")


def _requests(target: ExecTarget, stdin: int | None, resizes: int) -> Iterator[ExecInPodRequest]:
    from peapod.v1.pod_service_pb2 import ExecInPodRequest

    yield ExecInPodRequest(target=target)
    for item in inputs(stdin if target.options.stdin else None, resizes):
        yield ExecInPodRequest(input=item)


def inputs(stdin: int | None, resizes: int) -> Iterator[ExecInput]:
    """Read input and the sizes of the terminal as they come, until `resizes` ends, which is closed then.

    Input that cannot be read has ended.
    """
    from peapod.v1.exec_pb2 import ExecInput

    watched = [resizes] if stdin is None else [resizes, stdin]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if resizes in ready:
            if not os.read(resizes, PIECE):
                os.close(resizes)
                return
            if measured := terminal.size():
                yield ExecInput(size=measured)
            continue
        data = _read(watched[1])
        if data:
            yield ExecInput(stdin=data)
        else:
            del watched[1]
            yield ExecInput(end=True)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, PIECE)
    except OSError:
        return b""
