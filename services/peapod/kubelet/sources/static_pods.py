"""The pods that a node has of its own, whatever becomes of the places where their manifests are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from peapod.common.errors import Invalid
from peapod.common.events import Record
from peapod.kubelet.sources.manifests import NAMESPACE, Declared, Origin, declared
from peapod.v1 import meta_pb2, pod_pb2

logger = logging.getLogger(__name__)

EVENT = "failedValidation"


class Complaint(NamedTuple):
    """A manifest that is not taken."""

    name: str
    """The pod's; empty when it has none that is right."""
    message: str


@dataclass
class _Place:
    """A file or a URL: what it said last, and the pods by name that it has."""

    text: str | None = None
    pods: dict[str, pod_pb2.Pod] = field(default_factory=dict)
    complaints: tuple[Complaint, ...] = ()
    """What is wrong with what it said last."""
    trouble: tuple[Complaint, ...] = ()
    """Why it could not be read since."""


class StaticPods:
    """The pods of one source. A place whose text cannot be read keeps the pods that it had, and so does a manifest
    that has become wrong. Of two pods of one name or uid, the first in the order of places is taken.

    `taken` gives the pods of sources that come first. Whatever is wrong is logged and told as an event, once.
    """

    def __init__(self, origin: Origin, record: Record, taken: Callable[[], Mapping[str, pod_pb2.Pod]] = dict) -> None:
        self._origin = origin
        self._record = record
        self._taken = taken
        self._places: dict[str, _Place] = {}
        self._said: set[Complaint] = set()

    @property
    def complete(self) -> bool:
        """Whether every place could be read at least once."""
        return all(place.text is not None for place in self._places.values())

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def take(self, name: str, text: str, suffix: str = "") -> bool:
        """Let a place say what it has now; tell whether that can be read."""
        place = self._places.setdefault(name, _Place())
        place.trouble = ()
        if place.text == text:
            return True
        try:
            found = declared(text, suffix, name, self._origin)
        except Invalid as wrong:
            self.keep(name, wrong.message)
            return False
        right, place.complaints = _sort_out(found, name)
        unchanged = {key: place.pods[key] for key, pod in right.items() if place.pods.get(key) == pod}
        place.text, place.pods = text, _doubtful(place) | right | unchanged
        return True

    def keep(self, name: str, problem: str) -> None:
        """Leave a place as it was, for it cannot be read now."""
        place = self._places.setdefault(name, _Place())
        place.trouble = (Complaint("", f"{name}: {problem}"),)

    def keep_on(self, name: str) -> None:
        """Let a place have what it had, which is what it says now."""
        self._places[name].trouble = ()

    def keep_only(self, names: Collection[str]) -> None:
        """Forget the places that are not there any more."""
        self._places = {name: place for name, place in self._places.items() if name in names}

    def pods(self) -> Mapping[str, pod_pb2.Pod]:
        """All pods by uid."""
        found: dict[str, pod_pb2.Pod] = {}
        complaints = {one for place in self._places.values() for one in (*place.complaints, *place.trouble)}
        others = self._taken()
        names = {pod.metadata.name: "a pod of another source" for pod in others.values()}
        uids = dict.fromkeys(others, "a pod of another source")
        for name, pod in self._in_order():
            metadata = pod.metadata
            if first := names.get(metadata.name) or uids.get(metadata.uid):
                complaints.add(Complaint(metadata.name, f"{name}: {metadata.name} is there already, as {first}"))
                continue
            names[metadata.name] = uids[metadata.uid] = f"one of {name}"
            found[metadata.uid] = pod
        self._complain(complaints)
        return found

    def _in_order(self) -> Iterator[tuple[str, pod_pb2.Pod]]:
        for name in sorted(self._places):
            for pod in self._places[name].pods.values():
                yield name, pod

    def _complain(self, complaints: set[Complaint]) -> None:
        for complaint in sorted(complaints - self._said):
            logger.warning("a manifest is not taken: %s", complaint.message)
            self._record(self._reference(complaint.name), EVENT, complaint.message)
        self._said = complaints

    def _reference(self, name: str) -> meta_pb2.ObjectReference:
        if name:
            return meta_pb2.ObjectReference(kind="Pod", namespace=NAMESPACE, name=name)
        return meta_pb2.ObjectReference(kind="Node", name=self._origin.node_name)


def _doubtful(place: _Place) -> dict[str, pod_pb2.Pod]:
    """Find the pods that a place had, and that may be meant by what is wrong now."""
    wrong = {one.name for one in place.complaints}
    return {name: pod for name, pod in place.pods.items() if name in wrong or "" in wrong}


def _sort_out(found: list[Declared], place: str) -> tuple[dict[str, pod_pb2.Pod], tuple[Complaint, ...]]:
    """Part the pods that are right from those that are not; of one name, the first counts."""
    right: dict[str, pod_pb2.Pod] = {}
    complaints: list[Complaint] = []
    for pod, name, wrong in found:
        if name in right and not wrong:
            wrong = (f"{name} is there already, in the same place",)
        if wrong:
            complaints.append(Complaint(name, f"{place}: {'; '.join(wrong)}"))
        else:
            right[name] = pod
    return right, tuple(complaints)
