"""What field selectors read of an object."""

from __future__ import annotations

import pytest

from peapod.common import kinds
from peapod.common.kinds import KINDS, Kind
from peapod.common.selectable import fields_of, trigger_of
from peapod.v1 import pod_pb2
from tests.support.objects import make_pod


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.singular)
def test_every_kind_is_selected_by_name(kind: Kind) -> None:
    found = kind.message()
    found.metadata.name = "a"  # type: ignore[attr-defined]
    read = {name: of(found) for name, of in fields_of(kind).items()}
    assert read.pop("metadata.name") == "a"
    assert set(read.values()) <= {"", "0"}
    assert ("metadata.namespace" in read) is kind.namespaced
    assert not trigger_of(kind) or trigger_of(kind) in fields_of(kind)


def test_a_phase_is_read_as_a_word() -> None:
    pod = make_pod("web", node="n1")
    pod.status.phase = pod_pb2.POD_PHASE_RUNNING
    fields = fields_of(kinds.POD)
    assert (fields["spec.node_name"](pod), fields["status.phase"](pod)) == ("n1", "Running")


def test_a_number_is_read_as_text() -> None:
    found = kinds.REPLICATION_CONTROLLER.message()
    found.status.replicas = 3  # type: ignore[attr-defined]
    assert fields_of(kinds.REPLICATION_CONTROLLER)["status.replicas"](found) == "3"
