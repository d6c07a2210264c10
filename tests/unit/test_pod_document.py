"""docs/pod.md holds: it has every field of a pod and no other, says the defaults that are set, and names real tests."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from peapod.apiserver.resources.pod import validate_update
from peapod.codec.codec import decode
from peapod.codec.engine.many import Keyed, Objects
from peapod.codec.engine.table import Field
from peapod.codec.v1beta1.pod import POD
from peapod.codec.versions import V1BETA1
from peapod.rules.pod_defaults import set_defaults
from peapod.rules.pod_spec import spec_violations
from peapod.v1 import pod_pb2
from tests.support.whole_pod import whole_pod

TESTS = Path(__file__).parents[1]
DOCUMENT = TESTS.parent / "docs" / "pod.md"

NOTHING = "–"
_EMPTY = (None, "", 0, False, [], {})
_CODE = re.compile(r"`([^`]+)`")
_PROOF = re.compile(r"`([\w/]+\.py)::(\w+)`")

Place = tuple[str | int, ...]
"""The keys and subscripts that lead to a value."""


@dataclass(frozen=True)
class Row:
    """One line of the document, at one of the places that its section is about."""

    path: str
    also: frozenset[str]
    default: str
    changes: str
    proof: str

    @property
    def written_by_users(self) -> bool:
        return self.path.startswith(("desiredState.", "nodeSelector"))


def rows() -> Iterator[Row]:
    places: list[str] = []
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("## "):
            places = [place + "." for place in _CODE.findall(line)] or [""]
        elif line.startswith("| `"):
            first, default, changes, _, proof = (cell.strip() for cell in line.strip("|").split(" | "))
            name, *also = _CODE.findall(first)
            for place in places:
                yield Row(place + name, frozenset(also), default, changes, proof)


ROWS = list(rows())


def each(chosen: Sequence[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", chosen, ids=lambda row: row.path)


def test_it_has_every_field_with_all_its_spellings() -> None:
    told = {row.path: row.also for row in ROWS}
    assert told == dict(_fields(POD, ""))
    assert len(ROWS) == len(told)


@each(ROWS)
def test_the_proofs_are_there(row: Row) -> None:
    proofs = _PROOF.findall(row.proof)
    assert proofs
    assert [f"{file}::{name}" for file, name in proofs if name not in _tests_in(file)] == []


@each([row for row in ROWS if row.written_by_users])
def test_the_defaults_are_set(row: Row) -> None:
    pod = whole_pod()
    place = _find(pod, row.path)
    del _at(pod, place[:-1])[place[-1]]
    written = _at(V1BETA1.encode(_read(pod)), place)
    if row.default == "required":
        assert [*spec_violations(_read(pod).spec, "spec")]
    elif literal := _CODE.fullmatch(row.default):
        assert written == json.loads(literal[1])
    else:
        assert row.default == NOTHING
        assert written in _EMPTY


@each([row for row in ROWS if row.written_by_users and row.default == row.changes == NOTHING])
def test_what_is_only_read_is_not_kept(row: Row) -> None:
    assert _at(V1BETA1.encode(_read(whole_pod())), _find(whole_pod(), row.path)) in _EMPTY


@each([row for row in ROWS if row.written_by_users])
def test_only_what_it_says_may_change(row: Row) -> None:
    pod = whole_pod()
    place = _find(pod, row.path)
    value = _at(pod, place)
    if row.changes == NOTHING:
        return
    _at(pod, place[:-1])[place[-1]] = _OTHERS.get(str(place[-1])) or _another(value)
    refused = [*validate_update(_read(pod), _read(whole_pod()))]
    assert bool(refused) == (row.changes == "no")


_OTHERS: dict[str, Any] = {
    "restartPolicy": {"never": {}},
    "dnsPolicy": "Default",
    "protocol": "UDP",
    "imagePullPolicy": "PullNever",
    "containers": [{"name": "another", "image": "another"}],
    "volumes": [{"name": "another"}],
    "source": {"hostDir": {"path": "/another"}},
}


def _another(value: Any) -> Any:
    """Make another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return value + "1"
        case [str(), *_]:
            return [*value, "another"]
        case {**entries} if all(isinstance(entry, str | int) for entry in entries.values()):
            return {key: _another(entry) for key, entry in entries.items()}
    return None


def _fields(table: Sequence[Field], place: str) -> Iterator[tuple[str, frozenset[str]]]:
    for entry in table:
        many = {Objects: "[]", Keyed: "{}"}.get(type(entry.shape), "")
        yield place + entry.name + many, frozenset({entry.twin, *entry.aliases} - {""})
        yield from _fields(entry.shape.inside, f"{place}{entry.name}{many}.")


def _find(document: Any, path: str) -> Place:
    """Find the first place in a document that a path with open subscripts leads to."""
    steps = [step.removesuffix("[]") for step in path.split(".")]
    place = next(_places(document, steps), None)
    assert place, f"the whole pod has no {path}"
    return place


def _places(document: Any, steps: Sequence[str]) -> Iterator[Place]:
    if isinstance(document, list) and steps:
        for index, item in enumerate(document):
            yield from ((index, *rest) for rest in _places(item, steps))
    elif not steps:
        yield ()
    elif isinstance(document, dict) and document.get(steps[0]) is not None:
        yield from ((steps[0], *rest) for rest in _places(document[steps[0]], steps[1:]))


def _at(document: Any, place: Place) -> Any:
    for step in place:
        if document is None or (isinstance(document, dict) and step not in document):
            return None
        document = document[step]
    return document


def _read(document: dict[str, Any]) -> pod_pb2.Pod:
    decoded = decode(document)
    assert (list(decoded.unknown), list(decoded.problems)) == ([], [])
    pod = cast("pod_pb2.Pod", decoded.message)
    set_defaults(pod)
    return pod


@cache
def _tests_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
