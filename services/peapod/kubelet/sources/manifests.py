"""What a text declares for this node: pods with the identity that they have here, or what is wrong with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from peapod.codec import codec
from peapod.codec.codec import Decoded, Part
from peapod.codec.documents import documents_in
from peapod.codec.v1beta1 import manifest
from peapod.codec.versions import V1BETA1
from peapod.common import names
from peapod.common.errors import Violation
from peapod.rules.metadata import violations as metadata_violations
from peapod.rules.mirror import HASH, MIRROR, SOURCE
from peapod.rules.pod_defaults import set_defaults
from peapod.rules.pod_spec import spec_violations
from peapod.rules.privileges import privileged_violations
from peapod.v1 import pod_pb2

NAMESPACE = "default"
"""The namespace of all static pods."""

Words = Callable[[str], str]
"""Says the place of a proto field as the text would."""


@dataclass(frozen=True)
class Origin:
    """Where manifests come from, and what is so for all of them."""

    source: str
    """One word: "file" or "http"."""
    node_name: str
    allow_privileged: bool = False


class Declared(NamedTuple):
    """One pod of a text, and every field of it that is wrong, in the words of the text."""

    pod: pod_pb2.Pod
    name: str
    """The pod's name; empty when the text does not say one that can be."""
    wrong: tuple[str, ...]


def declared(text: str, suffix: str, place: str, origin: Origin) -> list[Declared]:
    """Read a file's or a URL's text; raise `Invalid` for one that is neither JSON nor YAML.

    Equal texts at equal places make equal pods, so that a restarted kubelet finds what it has started.
    """
    return [
        _declared(part, place, origin) for document in documents_in(text, suffix) for part in manifest.parts(document)
    ]


def _declared(part: Part, place: str, origin: Origin) -> Declared:
    bare = manifest.is_manifest(part.document)
    decoded = manifest.decode(part.document, part.path) if bare else codec.decode(part.document, part.path)
    wrong = [*decoded.problems, *(Violation(key, "unknown field") for key in decoded.unknown)]
    if not isinstance(decoded.message, pod_pb2.Pod):
        wrong += _no_pod(decoded, part.path)
        return Declared(pod_pb2.Pod(), "", _said(wrong))
    pod = decoded.message
    anonymous = not (pod.metadata.name or pod.metadata.uid)
    foreign = [*_foreign(pod, origin)]
    _identify(pod, place, origin)
    words: Words = manifest.to_manifest_path if bare else _pod_words
    broken = [*foreign, *_violations(pod, origin)]
    wrong += [Violation(_join(part.path, words(one.field)), one.description) for one in broken]
    unclear = (anonymous and wrong) or names.dns_subdomain_problem(pod.metadata.name)
    return Declared(pod, "" if unclear else pod.metadata.name, _said(wrong))


def _no_pod(decoded: Decoded, path: str) -> Iterator[Violation]:
    if decoded.message is not None:
        kind = decoded.message.DESCRIPTOR.name
        yield Violation(_join(path, "kind"), f"{kind} is nothing that a node can run: it must be Pod or a list of pods")


def _foreign(pod: pod_pb2.Pod, origin: Origin) -> Iterator[Violation]:
    """Find what a manifest may not choose, as it is what it is on this node."""
    if pod.metadata.namespace not in ("", NAMESPACE):
        yield Violation("metadata.namespace", f'must be "{NAMESPACE}": static pods have no other')
    if pod.spec.node_name not in ("", origin.node_name):
        yield Violation("spec.node_name", f"must be left out: this is node {origin.node_name}")
    if pod.metadata.generate_name:
        yield Violation("metadata.generate_name", "a static pod has one name for good: give it that")
    if (uid := pod.metadata.uid) and (problem := names.dns_subdomain_problem(uid.lower())):
        yield Violation("metadata.uid", problem)
    for key in (MIRROR, SOURCE, HASH):
        if key in pod.metadata.annotations:
            yield Violation(f"metadata.annotations[{key}]", "is the kubelet's to set")


def _identify(pod: pod_pb2.Pod, place: str, origin: Origin) -> None:
    """Make a pod that of this place on this node."""
    metadata = pod.metadata
    metadata.uid = metadata.uid or _hash(pod, place, origin.node_name)
    metadata.name = f"{metadata.name or metadata.uid}-{origin.node_name.partition('.')[0]}"
    metadata.namespace = NAMESPACE
    metadata.annotations[SOURCE] = origin.source
    for field in ("generate_name", "creation_timestamp", "deletion_timestamp", "resource_version"):
        metadata.ClearField(field)
    pod.ClearField("status")
    pod.spec.node_name = origin.node_name
    set_defaults(pod)


def _hash(pod: pod_pb2.Pod, place: str, node_name: str) -> str:
    parts = (node_name.encode(), place.encode(), pod.SerializeToString(deterministic=True))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def _violations(pod: pod_pb2.Pod, origin: Origin) -> Iterator[Violation]:
    yield from metadata_violations(pod.metadata, True)
    yield from spec_violations(pod.spec, "spec")
    if not origin.allow_privileged:
        yield from privileged_violations(pod.spec, "spec", "kubelet")


def _pod_words(path: str) -> str:
    return V1BETA1.words(pod_pb2.Pod, path)


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _said(violations: list[Violation]) -> tuple[str, ...]:
    lines = (f"{one.field}: {one.description}" if one.field else one.description for one in violations)
    return tuple(dict.fromkeys(lines))
