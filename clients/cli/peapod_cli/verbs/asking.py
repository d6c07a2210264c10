"""Commands about the cluster as a whole, and about this one."""

from __future__ import annotations

import argparse

from peapod_cli.verbs.flags import add_gateway
from peapod_cli.verbs.verb import Parser, Verb


def _version(parser: Parser) -> None:
    parser.add_argument("-c", "--client", action="store_true", help="only the client's")


def _completion(parser: Parser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh"), help="the shell that reads what is printed")
    parser.add_argument("typed", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def _namespace(parser: Parser) -> None:
    parser.add_argument("words", metavar="NAMESPACE", nargs="*", help="is read and not needed")


VERSION = Verb("version", "print versions", _version, ("peapod version --client",))

APIVERSIONS = Verb(
    "apiversions",
    "print the versions of the API that the gateway speaks",
    add_gateway,
    ("peapod apiversions", "peapod apiversions --gateway http://127.0.0.1:8080"),
    aliases=("api-versions",),
    asks_server=False,
)

CLUSTERINFO = Verb(
    "clusterinfo",
    "print where the cluster is, and where its own services are",
    add_gateway,
    ("peapod clusterinfo",),
    aliases=("cluster-info",),
)

NAMESPACE = Verb(
    "namespace",
    "is no more: the namespace is in the current context, see config",
    _namespace,
    ("peapod config set-context shop --namespace=shop",),
    asks_server=False,
)

COMPLETION = Verb(
    "completion",
    "print what makes a shell complete commands, flags, types and names of objects",
    _completion,
    ("source <(peapod completion bash)", "peapod completion zsh > ~/.zfunc/_peapod"),
    usage="peapod completion [-h] bash|zsh",
    asks_server=False,
)
