"""Secrets: small pieces of data. Nothing here ever says a value."""

from __future__ import annotations

from peapod.apiserver.resources.strategy import Strategy
from peapod.common import kinds, names
from peapod.common.errors import Violation
from peapod.v1 import secret_pb2

DATA_MOST = 1 << 20
"""Bytes that all values of a secret may have together."""
OPAQUE = "Opaque"


def set_defaults(secret: secret_pb2.Secret) -> None:
    """Take what has no type for anything at all."""
    secret.type = secret.type or OPAQUE


def validate(secret: secret_pb2.Secret) -> list[Violation]:
    """Each key can be a file's name, and the values are not too much to mount."""
    problems = ((key, names.dns_subdomain_problem(key)) for key in secret.data)
    wrong = [Violation(f"data[{key}]", f"the key {problem}") for key, problem in problems if problem]
    size = sum(map(len, secret.data.values()))
    if size > DATA_MOST:
        wrong.append(Violation.forbidden("data", f"the values have {size} bytes together, more than {DATA_MOST}"))
    return wrong


STRATEGY = Strategy(
    of=kinds.SECRET,
    message=secret_pb2.Secret,
    set_defaults=set_defaults,
    validate=validate,
)
