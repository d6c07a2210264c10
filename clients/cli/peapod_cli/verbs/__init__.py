"""The commands for people."""

from __future__ import annotations

from peapod_cli.verbs.asking import APIVERSIONS, CLUSTERINFO, COMPLETION, NAMESPACE, VERSION
from peapod_cli.verbs.declared import CREATE, DELETE, UPDATE
from peapod_cli.verbs.operating import CORDON, DRAIN, UNCORDON
from peapod_cli.verbs.replicated import EXPOSE, RESIZE, ROLLINGUPDATE, RUN_CONTAINER, STOP
from peapod_cli.verbs.running import EXEC, LOG, PORT_FORWARD
from peapod_cli.verbs.serving import PROXY, SIMULATE, UP
from peapod_cli.verbs.settings import CONFIG
from peapod_cli.verbs.shown import DESCRIBE, EXPLAIN, GET, LABEL

VERBS = (
    CREATE,
    GET,
    DESCRIBE,
    EXPLAIN,
    LOG,
    EXEC,
    PORT_FORWARD,
    RUN_CONTAINER,
    EXPOSE,
    RESIZE,
    ROLLINGUPDATE,
    LABEL,
    UPDATE,
    STOP,
    DELETE,
    CORDON,
    UNCORDON,
    DRAIN,
    PROXY,
    CLUSTERINFO,
    CONFIG,
    COMPLETION,
    NAMESPACE,
    APIVERSIONS,
    VERSION,
    UP,
    SIMULATE,
)
"""All of them, in the order in which --help names them."""
