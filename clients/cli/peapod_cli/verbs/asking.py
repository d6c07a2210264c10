"""Commands about the server, and about this one."""

from __future__ import annotations

from peapod_cli.verbs.verb import Parser, Verb


def _version(parser: Parser) -> None:
    parser.add_argument("-c", "--client", action="store_true", help="only the client's")


VERSION = Verb("version", "print versions", _version, ("peapod version --client",))
