"""Where objects are kept in the store: /peapod/<plural>/[<namespace>/]<name>."""

from __future__ import annotations

ROOT = "/peapod/"


def kind_prefix(plural: str) -> str:
    """The prefix of all objects of a kind."""
    return f"{ROOT}{plural}/"


def kind_of(key: str) -> str:
    """The plural of the kind that a key belongs to."""
    return key[len(ROOT) :].partition("/")[0]


def object_key(plural: str, namespace: str, name: str) -> str:
    """The key of one object; `namespace` is empty for kinds outside namespaces."""
    return f"{ROOT}{plural}/{namespace}/{name}" if namespace else f"{ROOT}{plural}/{name}"
