"""`peapod`: one command; every error is one line, and never a trace."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

from peapod_cli.console import Console, let_go_of_output


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, 1 when anything was wrong, or that of what it ran elsewhere.

    An interrupt ends the process on the spot, as a shell expects; whoever has something to end first asks for it.
    """
    # Python would raise KeyboardInterrupt, which gets lost when it comes up inside of a gRPC callback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    words = list(sys.argv[1:] if argv is None else argv)
    if service := _service(words):
        return int(import_module(f"peapod.{service}.__main__").main(words[1:]))
    # What gRPC logs of its own accord is said again, and better, by the error that follows.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    console = Console()
    try:
        _run(words, console)
    except BrokenPipeError:
        let_go_of_output()
    return console.status


def _service(words: Sequence[str]) -> str:
    from peapod_cli.arguments import service_of

    return service_of(words)


def _run(words: Sequence[str], console: Console) -> None:
    from peapod_cli import arguments

    try:
        parsed = arguments.parse(words)
        if parsed.asks_server and getattr(parsed, "match_server_version", False):
            from peapod_cli import version

            version.check(parsed.server)
        arguments.command(parsed.module)(parsed, console)
    except BrokenPipeError:
        raise
    except Exception as error:
        console.error(_said(error))


def _said(error: Exception) -> str:
    from peapod.common.errors import PeapodError

    if isinstance(error, PeapodError):
        return error.message
    if isinstance(error, OSError):
        what = str(error.strerror or error).lower()
        return f"{error.filename}: {what}" if error.filename else what
    return f"unexpected {type(error).__name__}: {error}"


if __name__ == "__main__":
    sys.exit(main())
