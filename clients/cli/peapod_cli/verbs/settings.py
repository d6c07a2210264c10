"""The command that says which cluster commands are for."""

from __future__ import annotations

import argparse
from typing import Any

from peapod_cli.verbs.verb import Parser, Verb


def _config(parser: Parser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    view = _action(actions, "view", "show the settings of all files together, or those of one")
    view.add_argument("-o", "--output", choices=("yaml", "json"), default="yaml", help="the form (default: yaml)")
    cluster = _action(actions, "set-cluster", "name a cluster, or change one", "NAME")
    cluster.add_argument("--server", metavar="HOST:PORT", default="", help="its apiserver")
    cluster.add_argument("--gateway", metavar="URL", default="", help="its gateway")
    context = _action(actions, "set-context", "name a cluster and a namespace together, or change that", "NAME")
    context.add_argument("--cluster", metavar="NAME", default="", help="the cluster")
    context.add_argument("-n", "--namespace", metavar="NAME", default="", help="the namespace")
    credentials = _action(actions, "set-credentials", "is refused: no server asks for credentials", "NAME")
    credentials.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="nothing of it is kept")
    _action(actions, "set", "set one value, such as clusters.home.server", "PROPERTY", "VALUE")
    _action(actions, "unset", "remove a value, or clusters.NAME, or contexts.NAME", "PROPERTY")
    _action(actions, "use-context", "choose the current context", "NAME")


def _action(actions: Any, name: str, help: str, *words: str) -> Parser:
    made: Parser = actions.add_parser(name, help=help, description=help)
    for word in words:
        made.add_argument(word.lower(), metavar=word)
    files = made.add_mutually_exclusive_group()
    files.add_argument("--local", action="store_true", help="the file .peapodconfig of this directory")
    files.add_argument("--global", dest="globally", action="store_true", help="the file .peapodconfig at home")
    files.add_argument("--envvar", action="store_true", help="the file that PEAPODCONFIG names")
    return made


CONFIG = Verb(
    "config",
    "show and change which clusters there are, and which one commands are for",
    _config,
    (
        "peapod config set-cluster home --server 127.0.0.1:7070 --gateway http://127.0.0.1:8080",
        "peapod config set-context shop --cluster home --namespace shop",
        "peapod config use-context shop",
        "peapod config set contexts.shop.namespace test",
        "peapod config unset current-context",
        "peapod config view",
    ),
    more=(
        "A command asks the server of --server, else of PEAPOD_SERVER, else of the current context, else\n"
        "127.0.0.1:7070, in the namespace of --namespace, else of the current context, else default.\n\n"
        "Settings are read from the file that PEAPODCONFIG names alone, if it names one, else from\n"
        ".peapodconfig of this directory and .peapodconfig at home, of which the first counts where both\n"
        "say something. Without --local, --global or --envvar the first of them that is there is changed."
    ),
    asks_server=False,
)
