"""Replication controllers: what of them is the server's, and which pods of theirs may be privileged."""

from __future__ import annotations

from dataclasses import replace

from peapod.apiserver.resources.strategy import Strategy
from peapod.common import kinds
from peapod.common.errors import Violation
from peapod.rules.replication_controller import privileged_template_violations, set_defaults, violations
from peapod.v1.replication_controller_pb2 import ReplicationController


def begin(controller: ReplicationController) -> None:
    """Let a controller begin with no pods seen."""
    controller.status.Clear()


def keep(new: ReplicationController, old: ReplicationController) -> None:
    """Keep the status, unless it is the replication controller that writes it."""
    if not new.HasField("status"):
        new.status.CopyFrom(old.status)


def _validate_update_unprivileged(new: ReplicationController, old: ReplicationController) -> list[Violation]:
    # One that was allowed once can still be scaled down; pods that it makes are judged by themselves.
    allowed = {*privileged_template_violations(old)}
    return [violation for violation in privileged_template_violations(new) if violation not in allowed]


def strategy(*, allow_privileged: bool = False) -> Strategy[ReplicationController]:
    """Make the rules for replication controllers, whose pods may be privileged or may not."""
    rules = Strategy(
        of=kinds.REPLICATION_CONTROLLER,
        message=ReplicationController,
        set_defaults=set_defaults,
        begin=begin,
        keep=keep,
        validate=violations,
    )
    if allow_privileged:
        return rules
    return replace(rules, validate_new=privileged_template_violations, validate_update=_validate_update_unprivileged)
