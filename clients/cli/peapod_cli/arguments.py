"""The command line: which command, and what it is told."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from peapod_cli import settings_files
from peapod_cli.defaults import DEFAULT_NAMESPACE, DEFAULT_SERVER
from peapod_cli.settings import Place, Scope
from peapod_cli.verbs import VERBS
from peapod_cli.verbs.serving import PROXY
from peapod_cli.verbs.verb import Verb

SERVICES = {
    "apiserver": "serve the API",
    "scheduler": "place pods on nodes",
    "controllers": "bring the cluster to what was asked for",
    "kubelet": "run the pods of one node",
    "kube-proxy": "make services reachable from one node and its pods",
    "dns": "answer for the names of services",
    "gateway": "serve the API over HTTP",
}
"""The services. Their packages are called as they are, but without `kube-`: `proxy` alone is a verb too."""

END_OF_FLAGS = "--"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(1, f"error: {message}; see {self.prog} --help\n")


def service_of(words: Sequence[str]) -> str:
    """Name the service that a command line runs; empty where it is a verb.

    `proxy` is the node's service when it is told anything that the verb of that name does not know.
    """
    name = words[0] if words else ""
    if name == PROXY.name:
        return name if any(_is_flag(word) and not _is_known(word) for word in words[1:]) else ""
    return name.removeprefix("kube-") if name in SERVICES else ""


def _is_flag(word: str) -> bool:
    return len(word) > 1 and word.startswith("-")


def _is_known(flag: str) -> bool:
    """Tell whether the verb `proxy` knows a flag, as it is or with its value behind it."""
    name, glued = flag.partition("=")[0], flag[:2]
    return name in _PROXY_FLAGS or (not flag.startswith("--") and glued in _PROXY_FLAGS)


def _flags_of(verb: Verb) -> frozenset[str]:
    made = _Parser()
    verb.add_flags(made)
    return frozenset(made._option_string_actions)


_PROXY_FLAGS = _flags_of(PROXY)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line: `module` of the result is the command; exits with 1 and one line when it cannot."""
    own, behind = _split(list(argv))
    made = parser()
    arguments, rest = made.parse_known_args(own)
    # What stands behind the first flag is not taken for more of the same words by argparse itself.
    if rest and (any(word.startswith("-") for word in rest) or not hasattr(arguments, "words")):
        made.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        arguments.words += rest
    arguments.behind = behind
    if arguments.asks_server:
        _settle(arguments)
    return arguments


def _settle(arguments: argparse.Namespace) -> None:
    """Say where the server is and in which namespace objects are, whoever has said it: flag, environment or context."""
    server = getattr(arguments, "server", "") or os.environ.get("PEAPOD_SERVER", "")
    required = getattr(arguments, "namespace", "")
    place = Place() if server and required else settings_files.current()
    arguments.server = server or place.server or DEFAULT_SERVER
    arguments.namespace = required or place.namespace or DEFAULT_NAMESPACE
    arguments.scope = Scope(required, arguments.namespace)


def command(name: str) -> Any:
    """Import a command only when it is wanted."""
    return import_module(f"peapod_cli.{name}").run


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Keep what stands behind `--` from being read as flags, where it is a command of its own."""
    if END_OF_FLAGS not in words:
        return words, []
    end = words.index(END_OF_FLAGS)
    _, rest = _shared().parse_known_args(words[:end])
    if next((word for word in rest if not word.startswith("-")), "") != "exec":
        return words, []
    return words[:end], words[end + 1 :]


def place(argv: Sequence[str]) -> argparse.Namespace:
    """Find out `server` and `namespace` of a line that is still being typed."""
    arguments, _ = _shared().parse_known_args(argv)
    _settle(arguments)
    return arguments


def parser() -> argparse.ArgumentParser:
    """Make what reads the command line."""
    shared = _shared()
    made = _Parser(prog="peapod", description="Work with a Peapod cluster, or run one.", parents=[shared])
    commands = made.add_subparsers(metavar="COMMAND", dest="command", required=True)
    for verb in VERBS:
        _add(commands, verb, shared)
    for name, help in SERVICES.items():
        commands.add_parser(name, help=f"run one service: {help}", add_help=False)
    return made


def _add(commands: Any, verb: Verb, shared: _Parser) -> None:
    made = commands.add_parser(
        verb.name,
        help=verb.help,
        description=verb.help,
        usage=verb.usage or None,
        epilog=_epilog(verb),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[shared] if verb.asks_server else [],
        aliases=verb.aliases,
    )
    made.set_defaults(module=verb.module, asks_server=verb.asks_server)
    verb.add_flags(made)


def _epilog(verb: Verb) -> str:
    examples = "examples:\n" + "\n".join(f"  {example}" for example in verb.examples)
    return f"{verb.more}\n\n{examples}" if verb.more else examples


def _shared() -> _Parser:
    """Make the flags that stand before or behind the command."""
    shared = _Parser(prog="peapod", add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument(
        "-s",
        "--server",
        metavar="HOST:PORT",
        help=f"the apiserver (default: PEAPOD_SERVER, else the context's, else {DEFAULT_SERVER})",
    )
    shared.add_argument(
        "-n",
        "--namespace",
        metavar="NAME",
        help=f"where objects are (default: the context's, else {DEFAULT_NAMESPACE})",
    )
    shared.add_argument(
        "--match-server-version", action="store_true", help="do nothing unless the server is of this client's version"
    )
    return shared
