"""Commands for those who look after nodes."""

from __future__ import annotations

from peapod.common.kinds import NODE
from peapod_cli.verbs.flags import duration
from peapod_cli.verbs.verb import Parser, Verb


def _cordon(parser: Parser) -> None:
    parser.add_argument("words", metavar="NODE", nargs="*", help="the nodes")


def _drain(parser: Parser) -> None:
    parser.add_argument("words", metavar="NODE", nargs="*", help="the node")
    parser.add_argument(
        "--force", action="store_true", help="delete also pods that no replication controller makes anew elsewhere"
    )
    parser.add_argument(
        "--timeout",
        metavar="DURATION",
        type=duration,
        default="5m",
        help="how long the pods may take to go (default: %(default)s)",
    )


CORDON = Verb(
    "cordon",
    "let no more pods be placed on nodes; those that are there stay",
    _cordon,
    ("peapod cordon n1", "peapod cordon n1 n2"),
    names_of=NODE,
    usage="peapod cordon [-h] [FLAGS] NODE...",
)

UNCORDON = Verb(
    "uncordon",
    "let pods be placed on nodes again",
    _cordon,
    ("peapod uncordon n1",),
    names_of=NODE,
    usage="peapod uncordon [-h] [FLAGS] NODE...",
)

DRAIN = Verb(
    "drain",
    "cordon a node, and delete its pods, so that it may be taken away",
    _drain,
    ("peapod drain n1", "peapod drain n1 --force --timeout=1m"),
    names_of=NODE,
    usage="peapod drain [-h] [FLAGS] NODE",
    more=(
        "Pods of all namespaces go. Replication controllers make theirs anew on other nodes; if there are pods\n"
        "that none of them keeps, nothing is done without --force. Static pods stay: they are the node's own.\n"
        "Interrupted and given again, the command goes on where it was."
    ),
)
