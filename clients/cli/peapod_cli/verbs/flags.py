"""What several commands can be told."""

from __future__ import annotations

import argparse

from peapod.common.errors import Invalid
from peapod_cli import words
from peapod_cli.defaults import DEFAULT_GATEWAY
from peapod_cli.verbs.verb import Parser

PORT_MOST = 65535


def add_what(parser: Parser) -> None:
    """Let objects be named."""
    parser.add_argument(
        "words", metavar="TYPE [NAME...] | TYPE/NAME", nargs="*", help="such as pods, or pod web, or pods,nodes"
    )


def add_selector(parser: Parser) -> None:
    """Let objects be picked by their labels."""
    parser.add_argument("-l", "--selector", metavar="SELECTOR", default="", help='such as "tier=web,env in (a, b)"')


def add_output(parser: Parser) -> None:
    """Let it be said how objects are shown."""
    parser.add_argument(
        "-o",
        "--output",
        choices=("wide", "json", "yaml", "template", "templatefile"),
        default="",
        help="another form than a table",
    )
    parser.add_argument(
        "-t",
        "--template",
        metavar="TEMPLATE",
        default="",
        help="with -o template a template as Go has them, with -o templatefile the file that it is in",
    )
    parser.add_argument(
        "--output-version", metavar="VERSION", default="", help="the version of documents (default: --api-version)"
    )
    parser.add_argument(
        "--api-version", metavar="VERSION", default="", help="the version to speak of objects in (default: v1beta1)"
    )
    parser.add_argument("--no-headers", action="store_true", help="leave the heads of the columns out")


def add_filename(parser: Parser, *, required: bool) -> None:
    """Let files be named."""
    parser.add_argument(
        "-f",
        "--filename",
        metavar="FILE",
        action="append",
        required=required,
        help="a JSON or YAML file, a directory of them, a URL, or - for standard input; may be repeated",
    )


def add_validate(parser: Parser) -> None:
    """Let it be said what becomes of fields that are not known."""
    parser.add_argument(
        "--validate",
        metavar="true|false",
        type=truth,
        nargs="?",
        const=True,
        default=True,
        help="refuse fields that v1beta1 does not have, rather than warn of them (default: true)",
    )


def add_gateway(parser: Parser) -> None:
    """Let the gateway be named."""
    parser.add_argument(
        "--gateway",
        metavar="URL",
        default="",
        help=f"the gateway (default: PEAPOD_GATEWAY, else the context's, else {DEFAULT_GATEWAY})",
    )


def truth(text: str) -> bool:
    """Read true or false."""
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def count(text: str) -> int:
    """Read a whole number."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def rate(text: str) -> float:
    """Read how often per second something is to happen: more than never."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number")
    return found


def port(text: str) -> int:
    """Read the number of a port."""
    return _within(1, count(text))


def local_port(text: str) -> int:
    """Read the number of a port of this machine; 0 is any that is free."""
    return _within(0, count(text))


def _within(least: int, number: int) -> int:
    if not least <= number <= PORT_MOST:
        raise argparse.ArgumentTypeError(f"{number} is no port: these are {least} to {PORT_MOST}")
    return number


def duration(text: str) -> float:
    """Read a duration, such as 90s or 1h30m, in seconds."""
    try:
        return words.duration(text)
    except Invalid as wrong:
        raise argparse.ArgumentTypeError(wrong.message) from None
