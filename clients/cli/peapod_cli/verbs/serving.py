"""Commands that serve until they are interrupted."""

from __future__ import annotations

from peapod_cli.defaults import DEFAULT_SERVER
from peapod_cli.verbs.flags import add_gateway, count, local_port, rate
from peapod_cli.verbs.verb import Parser, Verb


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
        "--cluster-dns-address",
        metavar="IP:PORT",
        default="",
        help="where to answer for the names of services, over UDP and TCP; pods can ask on port 53 only, and those of "
        "Docker not on loopback (default: 127.0.0.1:53, or any port where that cannot be had)",
    )
    parser.add_argument(
        "--cluster-domain",
        metavar="DOMAIN",
        default="cluster.local",
        help="the domain of these names (default: %(default)s)",
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
    _add_log_level(parser, "info")


def _add_log_level(parser: Parser, default: str) -> None:
    parser.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default=default,
        help="of the services, whose log goes to standard error (default: %(default)s)",
    )


def _simulate(parser: Parser) -> None:
    parser.add_argument("--nodes", metavar="N", type=count, default=100, help="how many nodes (default: %(default)s)")
    parser.add_argument("--pods", metavar="N", type=count, default=3000, help="how many pods (default: %(default)s)")
    parser.add_argument(
        "--containers", metavar="N", type=count, default=1, help="how many containers each pod has (default: 1)"
    )
    parser.add_argument(
        "--rate",
        metavar="N",
        type=rate,
        default=0.0,
        help="how many pods to ask for per second (default: as many as are taken)",
    )
    parser.add_argument(
        "--apiserver",
        metavar="HOST:PORT",
        default="",
        help="a running cluster to use (default: one of its own, for as long as it takes)",
    )
    parser.add_argument(
        "--state-dir",
        metavar="DIR",
        default=None,
        help="where to make a directory for all that is kept meanwhile; deleted afterwards (default: as TMPDIR says)",
    )
    parser.add_argument(
        "--output", "-o", choices=("text", "json"), default="text", help="how to print the figures (default: text)"
    )
    _add_log_level(parser, "error")


def _proxy(parser: Parser) -> None:
    add_gateway(parser)
    parser.add_argument(
        "-p", "--port", metavar="PORT", type=local_port, default=8001, help="where to serve (default: 8001; 0: any)"
    )
    parser.add_argument("--api-prefix", metavar="PATH", default="/api/", help="where the API is (default: %(default)s)")
    parser.add_argument("-w", "--www", metavar="DIR", default="", help="serve the files of a directory too")
    parser.add_argument(
        "-P", "--www-prefix", metavar="PATH", default="/static/", help="where these are (default: %(default)s)"
    )


PROXY = Verb(
    "proxy",
    "serve the gateway's API on a port of this machine, until interrupted",
    _proxy,
    ("peapod proxy --port=8011 --www=./site", "peapod proxy --api-prefix=k8s-api"),
    more="Programs of this machine only are served. What they ask of /api/ is asked of the gateway. With flags of the\n"
    "node's service of the same name (see peapod kube-proxy --help), that is run instead.",
    asks_server=False,
)

UP = Verb(
    "up",
    "run a whole cluster on this machine until interrupted; its pods run on",
    _up,
    ("peapod up", "peapod up --runtime sandbox --state-dir /tmp/peapod"),
    asks_server=False,
)

SIMULATE = Verb(
    "simulate",
    "run many pods on simulated nodes, and print how long that took",
    _simulate,
    ("peapod simulate --nodes 500 --pods 15000", "peapod simulate --nodes 20 --pods 200 --rate 50 -o json"),
    more="The control plane is real, and so are the nodes but for their containers, of which there are none: all\n"
    "are in one process, with one watch on pods, one reporter of statuses and one recorder of events. Afterwards\n"
    "nothing is left of it, but for events in a cluster that was there before.",
    asks_server=False,
)
