"""What holds of the rules whatever pod they are shown."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from peapod.apiserver.resources.pod import check_mirror_change, keep, validate_update
from peapod.codec import codec
from peapod.codec.versions import V1BETA1
from peapod.rules.changes import changed_fields
from peapod.rules.metadata import violations
from peapod.rules.pod_defaults import set_defaults
from peapod.rules.pod_spec import spec_violations
from peapod.v1 import pod_pb2
from tests.support.messages import messages

PODS = messages(pod_pb2.Pod)


def copied(pod: pod_pb2.Pod) -> pod_pb2.Pod:
    again = pod_pb2.Pod()
    again.CopyFrom(pod)
    return again


@settings(max_examples=100)
@given(PODS)
def test_defaults_are_set_once(pod: pod_pb2.Pod) -> None:
    set_defaults(pod)
    again = copied(pod)
    set_defaults(again)
    assert again == pod


@settings(max_examples=100)
@given(PODS)
def test_every_wrong_field_has_a_place_in_v1beta1(pod: pod_pb2.Pod) -> None:
    set_defaults(pod)
    for violation in [*spec_violations(pod.spec, "spec"), *violations(pod.metadata, True)]:
        assert violation.description
        place = V1BETA1.words(pod_pb2.Pod, violation.field)
        assert place.split(".")[0].split("[")[0] in V1BETA1.encode(pod) or place in ("id", "namespace", "generateName")
        assert "_" not in place.split("[")[0]


@settings(max_examples=100)
@given(PODS)
def test_a_pod_that_is_read_and_written_has_not_changed(pod: pod_pb2.Pod) -> None:
    set_defaults(pod)
    again = codec.decode(V1BETA1.encode(pod)).message
    assert isinstance(again, pod_pb2.Pod)
    keep(again, pod)
    set_defaults(again)
    assert [*validate_update(again, pod)] == []
    check_mirror_change(again, pod)


@settings(max_examples=100)
@given(PODS, PODS, st.booleans())
def test_pods_differ_in_some_field_or_are_written_the_same(one: pod_pb2.Pod, other: pod_pb2.Pod, mixed: bool) -> None:
    if mixed:
        other.spec.containers.MergeFrom(one.spec.containers[len(other.spec.containers) :])
        del one.spec.containers[len(other.spec.containers) :]
    there, back = ([*changed_fields(a.spec, b.spec, "spec")] for a, b in ((one, other), (other, one)))
    written = [
        V1BETA1.encode(pod)["desiredState"] | {"nodeSelector": dict(pod.spec.node_selector)} for pod in (one, other)
    ]
    assert bool(there) == bool(back) == (written[0] != written[1])
    assert len(there) == len(set(there))
