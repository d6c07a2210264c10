"""The commands for people: what each is called, what it can be told, and how it is used."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

DEFAULT_SERVER = "127.0.0.1:7070"
DEFAULT_NAMESPACE = "default"

Parser = argparse.ArgumentParser


@dataclass(frozen=True)
class Verb:
    """One command. The file that does it is named as it is, with _ for -."""

    name: str
    help: str
    add_flags: Callable[[Parser], None]
    examples: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    usage: str = ""
    """How it is written, where the parser would not say it well."""
    asks_server: bool = True

    @property
    def module(self) -> str:
        """The name of that file."""
        return self.name.replace("-", "_")


def _create(parser: Parser) -> None:
    _add_filename(parser, required=True)
    _add_validate(parser)


def _update(parser: Parser) -> None:
    parser.add_argument("words", metavar="TYPE NAME", nargs="*", help="what --patch changes")
    parser.add_argument("--patch", metavar="JSON", default="", help="the parts to change, as v1beta1 has them")
    _add_filename(parser, required=False)
    _add_validate(parser)


def _get(parser: Parser) -> None:
    _add_what(parser)
    _add_selector(parser)
    _add_output(parser)
    parser.add_argument("-w", "--watch", action="store_true", help="go on and show every change")


def _describe(parser: Parser) -> None:
    _add_what(parser)
    _add_selector(parser)


def _explain(parser: Parser) -> None:
    parser.add_argument("words", metavar="pod NAME", nargs="*", help="or pod/NAME")
    parser.add_argument("-o", "--output", choices=("json", "yaml"), default="", help="another form than a table")


def _log(parser: Parser) -> None:
    parser.add_argument(
        "words",
        metavar="POD [CONTAINER]",
        nargs="*",
        help="the pod, and its container, which may be left out when it is the only one",
    )
    parser.add_argument("-c", "--container", metavar="NAME", default="", help="the container, as a flag")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the container ends")
    parser.add_argument("-p", "--previous", action="store_true", help="the log from before the last restart")
    parser.add_argument("--tail", metavar="LINES", type=_count, help="only the last lines")
    parser.add_argument("--since", metavar="DURATION", default="", help="only what is newer, such as 90s, 10m or 1h30m")
    parser.add_argument(
        "--since-time", metavar="TIME", default="", help="only from then on, such as 2015-01-08T11:52:15Z"
    )
    parser.add_argument(
        "--timestamps",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="begin each line with its time (default: they do)",
    )


def _exec(parser: Parser) -> None:
    parser.add_argument("words", metavar="POD COMMAND...", nargs="*", help="the pod, and what to run in it")
    parser.add_argument("-p", "--pod", metavar="POD", default="", help="the pod, as a flag")
    parser.add_argument("-c", "--container", metavar="NAME", default="", help="which container (default: the first)")
    parser.add_argument("-i", "--stdin", action="store_true", help="pass standard input on to the command")
    parser.add_argument("-t", "--tty", action="store_true", help="give the command a terminal")


def _port_forward(parser: Parser) -> None:
    parser.add_argument(
        "words",
        metavar="POD [LOCAL:]REMOTE",
        nargs="*",
        help="the pod, and its ports: 80 is 80 here too, 8080:80 is 8080 here, :80 any free one",
    )
    parser.add_argument("-p", "--pod", metavar="POD", default="", help="the pod, as a flag")


def _label(parser: Parser) -> None:
    parser.add_argument(
        "words", metavar="TYPE NAME KEY=VALUE KEY-", nargs="*", help="what to label, labels to set and to remove"
    )
    _add_selector(parser)
    parser.add_argument("--all", action="store_true", help="all objects of the type")
    parser.add_argument("--overwrite", action="store_true", help="labels that have another value may be changed")
    parser.add_argument(
        "--resource-version", metavar="NUMBER", type=_count, default=0, help="only if the object is still at this one"
    )
    _add_output(parser)


def _delete(parser: Parser) -> None:
    _add_what(parser)
    _add_filename(parser, required=False)
    _add_selector(parser)
    parser.add_argument("--all", action="store_true", help="all objects of the type")


def _version(parser: Parser) -> None:
    parser.add_argument("-c", "--client", action="store_true", help="only the client's")


def _up(parser: Parser) -> None:
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
        "--disks",
        metavar="WHERE",
        default="",
        help="where persistent disks are: local:DIRECTORY or gce:PROJECT/ZONE[/INSTANCE] (default: nowhere)",
    )
    parser.add_argument(
        "--manifest-dir", metavar="PATH", default="", help="a file or directory with pods that the node runs by itself"
    )
    parser.add_argument(
        "--manifest-url", metavar="URL", default="", help="where such pods are fetched over HTTP (default: nowhere)"
    )
    parser.add_argument(
        "--allow-privileged", action="store_true", help="let containers be privileged: they can do anything here"
    )
    parser.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="of the services, whose log goes to standard error (default: %(default)s)",
    )


VERBS = (
    Verb(
        "create",
        "create what files declare, all of a file or nothing",
        _create,
        ("peapod create -f web.yaml", "sed s/web/shop/ web.yaml | peapod create -f -"),
    ),
    Verb(
        "get",
        "show objects",
        _get,
        ("peapod get pods -o wide", "peapod get pod web -o yaml", "peapod get pods -w -l 'tier in (web, db)'"),
    ),
    Verb(
        "describe",
        "show objects in detail, with their events",
        _describe,
        ("peapod describe pod web", "peapod describe nodes"),
    ),
    Verb(
        "explain",
        "tell why a pod is where it is, or why it is nowhere, node by node",
        _explain,
        ("peapod explain pod web", "peapod explain pod/web -o json"),
        usage="peapod explain [-h] [FLAGS] pod NAME",
    ),
    Verb(
        "log",
        "print the log of a container",
        _log,
        ("peapod log -f web", "peapod log web server --previous --tail 20", "peapod log web -c server --since 10m"),
        aliases=("logs",),
        usage="peapod log [-h] [FLAGS] POD [CONTAINER]",
    ),
    Verb(
        "exec",
        "run a command in a container; its exit code is passed through",
        _exec,
        (
            "peapod exec -p web -c server -- ls -l /data",
            "peapod exec -it web -- sh",
            "tar c site | peapod exec -i web -- tar x",
        ),
        usage="peapod exec [-h] [FLAGS] [-p] POD [-c NAME] [-i] [-t] -- COMMAND...",
    ),
    Verb(
        "port-forward",
        "let programs on this machine connect to ports of a pod, until interrupted",
        _port_forward,
        ("peapod port-forward -p web 8080:80", "peapod port-forward web 5000 :80"),
        usage="peapod port-forward [-h] [FLAGS] [-p] POD [LOCAL:]REMOTE...",
    ),
    Verb(
        "label",
        "set and remove labels of objects",
        _label,
        (
            "peapod label pod web tier=front stage-",
            "peapod label --overwrite nodes --all disk=ssd",
            "peapod label pods -l app=web tier=front",
        ),
        usage="peapod label [-h] [FLAGS] TYPE NAME... | TYPE --all | TYPE -l SELECTOR  KEY=VALUE... KEY-...",
    ),
    Verb(
        "update",
        "replace objects by what files declare, or change parts of one",
        _update,
        (
            "peapod update -f web.yaml",
            "peapod get pod web -o yaml | sed s/web:1/web:2/ | peapod update -f -",
            """peapod update pod web --patch '{"labels": {"tier": "front", "stage": null}}'""",
        ),
        usage="peapod update [-h] [FLAGS] -f FILE | TYPE NAME --patch JSON",
    ),
    Verb(
        "delete",
        "delete objects",
        _delete,
        ("peapod delete pod web", "peapod delete -f web.yaml", "peapod delete pods -l tier=test"),
    ),
    Verb("version", "print versions", _version, ("peapod version --client",)),
    Verb(
        "up",
        "run a whole cluster on this machine until interrupted; its pods run on",
        _up,
        ("peapod up", "peapod up --runtime sandbox --state-dir /tmp/peapod"),
        asks_server=False,
    ),
)


def _add_what(parser: Parser) -> None:
    parser.add_argument(
        "words", metavar="TYPE [NAME...] | TYPE/NAME", nargs="*", help="such as pods, or pod web, or pods,nodes"
    )


def _add_selector(parser: Parser) -> None:
    parser.add_argument("-l", "--selector", metavar="SELECTOR", default="", help='such as "tier=web,env in (a, b)"')


def _add_output(parser: Parser) -> None:
    parser.add_argument(
        "-o", "--output", choices=("wide", "json", "yaml"), default="", help="another form than a table"
    )
    parser.add_argument("--no-headers", action="store_true", help="leave the heads of the columns out")


def _add_filename(parser: Parser, *, required: bool) -> None:
    parser.add_argument(
        "-f",
        "--filename",
        metavar="FILE",
        action="append",
        required=required,
        help="a JSON or YAML file, a directory of them, or - for standard input; may be repeated",
    )


def _add_validate(parser: Parser) -> None:
    parser.add_argument(
        "--validate",
        metavar="true|false",
        type=_truth,
        nargs="?",
        const=True,
        default=True,
        help="refuse fields that v1beta1 does not have, rather than warn of them (default: true)",
    )


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)
