"""What else is wrong with an object of which only a part could be read: the server is never asked about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from peapod.codec.version import Version
from peapod.common import names
from peapod.common.errors import Violation
from peapod.common.kinds import (
    ENDPOINTS,
    LIMIT_RANGE,
    NAMESPACE,
    POD,
    REPLICATION_CONTROLLER,
    RESOURCE_QUOTA,
    SERVICE,
    Kind,
)

_RULED = (REPLICATION_CONTROLLER, SERVICE, ENDPOINTS, LIMIT_RANGE, RESOURCE_QUOTA, NAMESPACE)
"""The kinds whose rules are a file of their own name."""


def broken_rules(kind: Kind, message: Any, version: Version, problems: Sequence[Violation]) -> list[Violation]:
    """Find the rules that an object breaks, as the server would, apart from what follows from `problems`.

    Paths are the version's, from the object's root, in both.
    """
    told = [problem.field for problem in problems]
    broken = (
        violation._replace(field=version.words(message, violation.field)) for violation in _violations(kind, message)
    )
    return [violation for violation in broken if not any(_within(violation.field, place) for place in told)]


def _violations(kind: Kind, message: Any) -> Iterator[Violation]:
    from peapod.rules import metadata

    name_problem = names.dns_952_label_problem if kind is SERVICE else names.dns_subdomain_problem
    yield from metadata.violations(message.metadata, kind.namespaced, name_problem)
    whole = type(message)()
    whole.CopyFrom(message)
    if kind is POD:
        yield from _pod_violations(whole)
    elif kind in _RULED:
        rules = import_module(f"peapod.rules.{kind.singular}")
        if hasattr(rules, "set_defaults"):
            rules.set_defaults(whole)
        yield from rules.violations(whole)


def _pod_violations(pod: Any) -> Iterator[Violation]:
    from peapod.rules import pod_defaults, pod_spec

    pod_defaults.set_defaults(pod)
    yield from pod_spec.spec_violations(pod.spec, "spec")


def _within(field: str, place: str) -> bool:
    return not place or field == place or field.startswith((f"{place}.", f"{place}["))
