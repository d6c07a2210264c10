"""Commands that show objects, and label them."""

from __future__ import annotations

from peapod.common.kinds import POD
from peapod_cli.kinds import WORDS
from peapod_cli.verbs.flags import add_output, add_selector, add_what, count
from peapod_cli.verbs.verb import Parser, Verb


def _get(parser: Parser) -> None:
    add_what(parser)
    add_selector(parser)
    add_output(parser)
    parser.add_argument("-w", "--watch", action="store_true", help="go on and show every change")
    parser.add_argument("--watch-only", action="store_true", help="the same without what is there at first")


def _describe(parser: Parser) -> None:
    add_what(parser)
    add_selector(parser)


def _explain(parser: Parser) -> None:
    parser.add_argument("words", metavar="pod NAME", nargs="*", help="or pod/NAME")
    parser.add_argument("-o", "--output", choices=("json", "yaml"), default="", help="another form than a table")


def _label(parser: Parser) -> None:
    parser.add_argument(
        "words", metavar="TYPE NAME KEY=VALUE KEY-", nargs="*", help="what to label, labels to set and to remove"
    )
    add_selector(parser)
    parser.add_argument("--all", action="store_true", help="all objects of the type")
    parser.add_argument("--overwrite", action="store_true", help="labels that have another value may be changed")
    parser.add_argument(
        "--resource-version", metavar="NUMBER", type=count, default=0, help="only if the object is still at this one"
    )
    add_output(parser)


GET = Verb(
    "get",
    "show objects",
    _get,
    (
        "peapod get pods -o wide",
        "peapod get pod web -o yaml",
        "peapod get pods -w -l 'tier in (web, db)'",
        "peapod get pods,services rc/web",
        "peapod get pod web -o template -t '{{.currentState.podIP}}'",
    ),
    types=tuple(WORDS),
)

DESCRIBE = Verb(
    "describe",
    "show objects in detail, with their events",
    _describe,
    ("peapod describe pod web", "peapod describe nodes"),
    types=tuple(WORDS),
)

EXPLAIN = Verb(
    "explain",
    "tell why a pod is where it is, or why it is nowhere, node by node",
    _explain,
    ("peapod explain pod web", "peapod explain pod/web -o json"),
    usage="peapod explain [-h] [FLAGS] pod NAME",
    types=(POD,),
)

LABEL = Verb(
    "label",
    "set and remove labels of objects",
    _label,
    (
        "peapod label pod web tier=front stage-",
        "peapod label --overwrite nodes --all disk=ssd",
        "peapod label pods -l app=web tier=front",
    ),
    usage="peapod label [-h] [FLAGS] TYPE NAME... | TYPE --all | TYPE -l SELECTOR  KEY=VALUE... KEY-...",
    types=tuple(WORDS),
)
