"""What else is wrong with an object of which only a part could be read: the server is never asked about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from peapod.codec.versions import V1BETA1
from peapod.common.errors import Violation
from peapod.common.kinds import POD, Kind


def broken_rules(kind: Kind, message: Any, problems: Sequence[Violation]) -> list[Violation]:
    """Find the rules that an object breaks, as the server would, apart from what follows from `problems`.

    Paths are v1beta1's, from the object's root, in both.
    """
    told = [problem.field for problem in problems]
    broken = (
        Violation(V1BETA1.words(message, violation.field), violation.description)
        for violation in _violations(kind, message)
    )
    return [violation for violation in broken if not any(_within(violation.field, place) for place in told)]


def _violations(kind: Kind, message: Any) -> Iterator[Violation]:
    from peapod.rules import metadata, pod_defaults, pod_spec

    yield from metadata.violations(message.metadata, kind.namespaced)
    if kind is POD:
        pod = type(message)()
        pod.CopyFrom(message)
        pod_defaults.set_defaults(pod)
        yield from pod_spec.spec_violations(pod.spec, "spec")


def _within(field: str, place: str) -> bool:
    return not place or field == place or field.startswith((f"{place}.", f"{place}["))
