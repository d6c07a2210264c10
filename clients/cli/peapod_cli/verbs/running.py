"""Commands that deal with the containers of a pod."""

from __future__ import annotations

import argparse

from peapod.common.kinds import POD
from peapod_cli.verbs.flags import count
from peapod_cli.verbs.verb import Parser, Verb


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
    parser.add_argument("--tail", metavar="LINES", type=count, help="only the last lines")
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


LOG = Verb(
    "log",
    "print the log of a container",
    _log,
    ("peapod log -f web", "peapod log web server --previous --tail 20", "peapod log web -c server --since 10m"),
    aliases=("logs",),
    usage="peapod log [-h] [FLAGS] POD [CONTAINER]",
    names_of=POD,
)

EXEC = Verb(
    "exec",
    "run a command in a container; its exit code is passed through",
    _exec,
    (
        "peapod exec -p web -c server -- ls -l /data",
        "peapod exec -it web -- sh",
        "tar c site | peapod exec -i web -- tar x",
    ),
    usage="peapod exec [-h] [FLAGS] [-p] POD [-c NAME] [-i] [-t] -- COMMAND...",
    names_of=POD,
)

PORT_FORWARD = Verb(
    "port-forward",
    "let programs on this machine connect to ports of a pod, until interrupted",
    _port_forward,
    ("peapod port-forward -p web 8080:80", "peapod port-forward web 5000 :80"),
    usage="peapod port-forward [-h] [FLAGS] [-p] POD [LOCAL:]REMOTE...",
    names_of=POD,
)
