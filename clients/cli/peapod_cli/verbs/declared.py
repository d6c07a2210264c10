"""Commands that bring objects to what files declare, and remove them."""

from __future__ import annotations

from peapod_cli.kinds import WORDS
from peapod_cli.verbs.flags import add_filename, add_selector, add_validate, add_what
from peapod_cli.verbs.verb import Parser, Verb


def _create(parser: Parser) -> None:
    add_filename(parser, required=True)
    add_validate(parser)


def _update(parser: Parser) -> None:
    parser.add_argument("words", metavar="TYPE NAME", nargs="*", help="what --patch changes")
    parser.add_argument("--patch", metavar="JSON", default="", help="the parts to change, as v1beta1 has them")
    add_filename(parser, required=False)
    add_validate(parser)


def _delete(parser: Parser) -> None:
    add_what(parser)
    add_filename(parser, required=False)
    add_selector(parser)
    parser.add_argument("--all", action="store_true", help="all objects of the type")


CREATE = Verb(
    "create",
    "create what files declare, all of a file or nothing",
    _create,
    ("peapod create -f web.yaml", "sed s/web/shop/ web.yaml | peapod create -f -"),
)

UPDATE = Verb(
    "update",
    "replace objects by what files declare, or change parts of one",
    _update,
    (
        "peapod update -f web.yaml",
        "peapod get pod web -o yaml | sed s/web:1/web:2/ | peapod update -f -",
        """peapod update pod web --patch '{"labels": {"tier": "front", "stage": null}}'""",
    ),
    usage="peapod update [-h] [FLAGS] -f FILE | TYPE NAME --patch JSON",
    types=tuple(WORDS),
)

DELETE = Verb(
    "delete",
    "delete objects",
    _delete,
    ("peapod delete pod web", "peapod delete -f web.yaml", "peapod delete pods -l tier=test"),
    types=tuple(WORDS),
)
