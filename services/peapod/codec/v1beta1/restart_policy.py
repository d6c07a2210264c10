"""The restart policy as an object with one key."""

from __future__ import annotations

from peapod.codec.engine.report import Unsupported
from peapod.codec.engine.shapes import ANY, Scalar, text
from peapod.codec.engine.table import kind_of
from peapod.v1 import pod_pb2

_RESTART = {
    "always": pod_pb2.RESTART_POLICY_ALWAYS,
    "never": pod_pb2.RESTART_POLICY_NEVER,
    "onFailure": pod_pb2.RESTART_POLICY_ON_FAILURE,
}


def _take_restart_policy(value: object) -> int:
    order = {name.lower(): number for name, number in _RESTART.items()}
    given = _restart_words(value)
    for word in given:
        if word.lower() not in order:
            raise Unsupported(f'must be one of {", ".join(_RESTART)}; "{word}" is not')
    return next((number for name, number in order.items() if name in {word.lower() for word in given}), 0)


def _restart_words(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, list):
        return [word for item in value for word in _restart_words(item)]
    if isinstance(value, dict):
        for word, content in value.items():
            if content not in (None, {}):
                raise ValueError(
                    f'must be an object such as {{"always": {{}}}}: there is nothing to say inside of {word}'
                )
        given = [text(word) for word, content in value.items() if content is not None]
        return given or [text(word) for word in value]
    raise ValueError(f'must be an object such as {{"always": {{}}}}, not {kind_of(value)}')


RESTART_POLICY = Scalar(
    _take_restart_policy,
    lambda number: {name: {} for name, known in _RESTART.items() if known == number},
    empty={},
    written=ANY,
)
"""Written as the one-key object; a bare word and a list of either are read too. The first of always, never and
onFailure that is there counts."""
