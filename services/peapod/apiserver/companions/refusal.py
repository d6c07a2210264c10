"""How it is said that something is not let in."""

from __future__ import annotations

from peapod.apiserver.resources.strategy import Resource
from peapod.common.errors import Forbidden
from peapod.common.kinds import Kind


def forbidden(kind: Kind, obj: Resource, why: str) -> Forbidden:
    """Refuse an object, for a reason that is one clause."""
    return Forbidden(f'{kind.title} "{obj.metadata.name}" is forbidden: {why}')
