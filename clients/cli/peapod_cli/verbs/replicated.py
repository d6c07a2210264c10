"""Commands that make and change what keeps many pods of a kind, and what leads to them."""

from __future__ import annotations

from peapod.common.kinds import POD, REPLICATION_CONTROLLER, SERVICE
from peapod_cli.verbs.flags import add_filename, add_output, add_selector, count, duration, port
from peapod_cli.verbs.verb import Parser, Verb


def _resize(parser: Parser) -> None:
    parser.add_argument("words", metavar="rc NAME", nargs="*", help="or rc/NAME")
    parser.add_argument("--replicas", metavar="NUMBER", type=count, required=True, help="how many pods to ask for")
    parser.add_argument("--current-replicas", metavar="NUMBER", type=count, help="only if it asks for so many now")
    parser.add_argument(
        "--resource-version", metavar="NUMBER", type=count, default=0, help="only if it is still at this one"
    )


def _rollingupdate(parser: Parser) -> None:
    parser.add_argument("words", metavar="OLD", nargs="*", help="the replication controller to replace")
    add_filename(parser, required=True)
    parser.add_argument(
        "--update-period",
        metavar="DURATION",
        type=duration,
        default="1m",
        help="how long a new pod is watched before an old one goes (default: %(default)s)",
    )
    parser.add_argument(
        "--timeout",
        metavar="DURATION",
        type=duration,
        default="5m",
        help="how long pods may take to come and go in one step (default: %(default)s)",
    )
    parser.add_argument(
        "--poll-interval",
        metavar="DURATION",
        type=duration,
        default="3s",
        help="is read and not needed: every change is heard of at once",
    )


def _run_container(parser: Parser) -> None:
    parser.add_argument("words", metavar="NAME", nargs="*", help="of the controller and of its container")
    parser.add_argument("--image", metavar="IMAGE", required=True, help="what the container runs")
    parser.add_argument("-r", "--replicas", metavar="NUMBER", type=count, default=1, help="how many pods (default: 1)")
    parser.add_argument("--port", metavar="PORT", type=port, default=0, help="the port that the container listens on")
    parser.add_argument(
        "-l", "--labels", metavar="KEY=VALUE,...", default="", help="of the pods (default: run-container=NAME)"
    )
    parser.add_argument(
        "--overrides", metavar="JSON", default="", help="parts of the controller to be otherwise, as v1beta1 has them"
    )
    _add_dry_run(parser)
    add_output(parser)


def _expose(parser: Parser) -> None:
    parser.add_argument("words", metavar="rc|service NAME", nargs="*", help="whose pods the service is to pick")
    parser.add_argument("--port", metavar="PORT", type=port, required=True, help="the port of the service")
    parser.add_argument(
        "--target-port", metavar="PORT", default="", help="the pods' port, by number or name (default: the same)"
    )
    parser.add_argument("--protocol", choices=("TCP", "UDP"), default="TCP", help="(default: TCP)")
    parser.add_argument("--service-name", metavar="NAME", default="", help="of the service (default: the same)")
    parser.add_argument("--public-ip", metavar="ADDRESS", default="", help="where nodes answer for it too")
    parser.add_argument("--selector", metavar="KEY=VALUE,...", default="", help="the pods to pick (default: the same)")
    parser.add_argument("-l", "--labels", metavar="KEY=VALUE,...", default="", help="of the service (default: none)")
    _add_dry_run(parser)
    add_output(parser)


def _stop(parser: Parser) -> None:
    parser.add_argument(
        "words", metavar="TYPE NAME... | TYPE/NAME", nargs="*", help="pods, replicationControllers and services"
    )
    add_filename(parser, required=False)
    add_selector(parser)
    parser.add_argument("--all", action="store_true", help="all objects of the type")
    parser.add_argument(
        "--timeout",
        metavar="DURATION",
        type=duration,
        default="5m",
        help="how long the pods of a controller may take to go (default: %(default)s)",
    )


def _add_dry_run(parser: Parser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only show what would be stored")


RESIZE = Verb(
    "resize",
    "ask a replication controller for another number of pods",
    _resize,
    ("peapod resize --replicas=3 rc web", "peapod resize --current-replicas=2 --replicas=3 rc/web"),
    aliases=("scale",),
    usage="peapod resize [-h] [FLAGS] --replicas=NUMBER rc NAME",
    types=(REPLICATION_CONTROLLER,),
)

ROLLINGUPDATE = Verb(
    "rollingupdate",
    "put one replication controller in the place of another, pod by pod",
    _rollingupdate,
    ("peapod rollingupdate web-v1 -f web-v2.yaml", "peapod rollingupdate web-v1 -f web-v2.yaml --update-period=10s"),
    aliases=("rolling-update",),
    usage="peapod rollingupdate [-h] [FLAGS] OLD -f NEW",
    more=(
        "The new controller needs another name, and another value of one key of the old one's selector.\n"
        "Interrupted and given again, the command goes on where it was. At the end the old one is deleted."
    ),
    names_of=REPLICATION_CONTROLLER,
)

RUN_CONTAINER = Verb(
    "run-container",
    "keep pods of one image running, by a replication controller",
    _run_container,
    (
        "peapod run-container web --image=nginx:1 --port=80 --replicas=3",
        "peapod run-container web --image=nginx:1 -l tier=front --dry-run -o yaml",
    ),
    usage="peapod run-container [-h] [FLAGS] NAME --image=IMAGE",
)

EXPOSE = Verb(
    "expose",
    "make a service for the pods of a replication controller",
    _expose,
    (
        "peapod expose rc web --port=80 --target-port=8080",
        "peapod expose service web --port=443 --target-port=https --service-name=web-https",
    ),
    usage="peapod expose [-h] [FLAGS] rc|service NAME --port=PORT",
    types=(REPLICATION_CONTROLLER, SERVICE),
)

STOP = Verb(
    "stop",
    "delete pods, services and replication controllers, these after their pods",
    _stop,
    ("peapod stop rc web", "peapod stop -f web.yaml", "peapod stop pods,services -l tier=test"),
    types=(POD, REPLICATION_CONTROLLER, SERVICE),
)
