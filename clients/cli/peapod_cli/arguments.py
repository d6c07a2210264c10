"""The command line: which command, and what it is told."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

DEFAULT_SERVER = "127.0.0.1:7070"
DEFAULT_NAMESPACE = "default"

SERVICES = {
    "apiserver": "serve the API",
    "scheduler": "place pods on nodes",
    "controllers": "bring the cluster to what was asked for",
    "kubelet": "run the pods of one node",
    "proxy": "stand ready for services, which are still to come",
    "gateway": "serve health, version and metrics over HTTP",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(1, f"error: {message}; see {self.prog} --help\n")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line. `run` of the result is the command; exits with 1 and one line when it cannot."""
    arguments = _parser().parse_args(argv)
    arguments.server = getattr(arguments, "server", None) or os.environ.get("PEAPOD_SERVER") or DEFAULT_SERVER
    arguments.only_namespace = getattr(arguments, "namespace", "")
    arguments.namespace = arguments.only_namespace or DEFAULT_NAMESPACE
    return arguments


def command(name: str) -> Any:
    """Import a command only when it is wanted."""
    return import_module(f"peapod_cli.{name}").run


def _parser() -> argparse.ArgumentParser:
    shared = _shared()
    parser = _Parser(prog="peapod", description="Work with a Peapod cluster, or run one.", parents=[shared])
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)

    def add(name: str, help: str, module: str = "", aliases: Sequence[str] = ()) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=help, parents=[shared], aliases=aliases)
        made.set_defaults(module=module or name)
        return made

    _add_create(add("create", "create what files declare, all of a file or nothing"))
    _add_get(add("get", "show objects"))
    _add_describe(add("describe", "show objects in detail, with their events"))
    _add_log(add("log", "print the log of a container", aliases=("logs",)))
    _add_delete(add("delete", "delete objects"))
    add("version", "print versions").add_argument("-c", "--client", action="store_true", help="only the client's")
    _add_up(add("up", "run a whole cluster on this machine until interrupted; its pods run on"))
    for name, help in SERVICES.items():
        commands.add_parser(name, help=f"run one service: {help}", add_help=False)
    return parser


def _shared() -> _Parser:
    """Make the flags that stand before or behind the command."""
    shared = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument(
        "-s", "--server", metavar="HOST:PORT", help=f"the apiserver (default: PEAPOD_SERVER, else {DEFAULT_SERVER})"
    )
    shared.add_argument("--namespace", metavar="NAME", help=f"where objects are (default: {DEFAULT_NAMESPACE})")
    return shared


def _add_create(parser: argparse.ArgumentParser) -> None:
    _add_filename(parser, required=True)
    parser.add_argument(
        "--validate",
        metavar="true|false",
        type=_truth,
        nargs="?",
        const=True,
        default=True,
        help="refuse fields that v1beta1 does not have, rather than warn of them (default: true)",
    )


def _add_get(parser: argparse.ArgumentParser) -> None:
    _add_what(parser)
    _add_selector(parser)
    parser.add_argument(
        "-o", "--output", choices=("wide", "json", "yaml"), default="", help="another form than a table"
    )
    parser.add_argument("-w", "--watch", action="store_true", help="go on and show every change")
    parser.add_argument("--no-headers", action="store_true", help="leave the heads of the columns out")


def _add_describe(parser: argparse.ArgumentParser) -> None:
    _add_what(parser)
    _add_selector(parser)


def _add_log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pod", metavar="POD")
    parser.add_argument(
        "container", metavar="CONTAINER", nargs="?", default="", help="may be left out when it is the only one"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the container ends")
    parser.add_argument("-p", "--previous", action="store_true", help="the log from before the last restart")
    parser.add_argument("--tail", metavar="LINES", type=_count, help="only the last lines")
    parser.add_argument(
        "--since", metavar="TIME", default="", help="only from then on: 10m ago, or 2015-01-08T11:52:15Z"
    )


def _add_delete(parser: argparse.ArgumentParser) -> None:
    _add_what(parser)
    _add_filename(parser, required=False)
    _add_selector(parser)
    parser.add_argument("--all", action="store_true", help="all objects of the type")


def _add_up(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state-dir", metavar="DIR", default="~/.peapod", help="where all is kept (default: %(default)s)"
    )
    parser.add_argument(
        "--runtime",
        choices=("auto", "docker", "sandbox"),
        default="auto",
        help="what runs containers; auto is Docker where it answers, else the sandbox (default: %(default)s)",
    )
    parser.add_argument(
        "--apiserver-address",
        metavar="HOST:PORT",
        default=DEFAULT_SERVER,
        help="where to serve gRPC (default: %(default)s)",
    )
    parser.add_argument(
        "--gateway-address",
        metavar="HOST:PORT",
        default="127.0.0.1:8080",
        help="where to serve HTTP (default: %(default)s)",
    )
    parser.add_argument(
        "--node-name", metavar="NAME", default="", help="the name of the node (default: this machine's name)"
    )
    parser.add_argument("--store", metavar="URL", default="", help="where objects are kept (default: SQLite in DIR)")
    parser.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="of the services, whose log goes to standard error (default: %(default)s)",
    )


def _add_what(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", metavar="TYPE [NAME...] | TYPE/NAME", nargs="*", help="such as pods, or pod web, or pods,nodes"
    )


def _add_selector(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-l", "--selector", metavar="SELECTOR", default="", help='such as "tier=web,env in (a, b)"')


def _add_filename(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "-f",
        "--filename",
        metavar="FILE",
        action="append",
        required=required,
        help="a JSON or YAML file, a directory of them, or - for standard input; may be repeated",
    )


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of lines")
    return int(text)
