"""What field selectors call fields and values, in each version."""

from __future__ import annotations

import pytest

from peapod.codec.form import Form
from peapod.codec.version import Version
from peapod.codec.versions import VERSIONS
from peapod.common import kinds
from peapod.common.selectable import fields_of
from tests.support.documents import FORMS


@pytest.mark.parametrize(
    ("version", "kind", "name", "field"),
    [
        ("v1beta1", "Pod", "name", "metadata.name"),
        ("v1beta1", "Pod", "DesiredState.Host", "spec.node_name"),
        ("v1beta1", "Pod", "desiredState.host", "spec.node_name"),
        ("v1beta2", "Pod", "DesiredState.Status", "status.phase"),
        ("v1beta1", "Pod", "spec.node_name", "spec.node_name"),
        ("v1beta1", "Pod", "metadata.namespace", "metadata.namespace"),
        ("v1beta1", "Pod", "spec.host", None),
        ("v1beta3", "Pod", "spec.host", "spec.node_name"),
        ("v1beta3", "Pod", "status.phase", "status.phase"),
        ("v1beta3", "Pod", "metadata.name", "metadata.name"),
        ("v1beta3", "Pod", "DesiredState.Host", None),
        ("v1beta1", "ReplicationController", "currentState.replicas", "status.replicas"),
        ("v1beta3", "ReplicationController", "status.replicas", "status.replicas"),
        ("v1beta1", "Event", "involvedObject.id", "involved_object.name"),
        ("v1beta1", "Event", "involvedObject.fieldPath", "involved_object.field_path"),
        ("v1beta1", "Event", "source", "source.component"),
        ("v1beta3", "Event", "involvedObject.name", "involved_object.name"),
        ("v1beta3", "Event", "involvedObject.id", None),
        ("v1beta1", "Namespace", "status.phase", "status.phase"),
        ("v1beta1", "Service", "portalIP", None),
        ("v1beta1", "Binding", "host", None),
    ],
)
def test_a_field_has_a_name_in_each_version(version: str, kind: str, name: str, field: str | None) -> None:
    assert VERSIONS[version].proto_field(VERSIONS[version].kinds[kind], name) == field


@pytest.mark.parametrize(
    ("version", "name", "value", "expected"),
    [
        ("v1beta1", "DesiredState.Status", "Waiting", "Pending"),
        ("v1beta2", "desiredstate.status", "Terminated", "Failed"),
        ("v1beta1", "DesiredState.Status", "Running", "Running"),
        ("v1beta1", "status.phase", "Waiting", "Pending"),
        ("v1beta1", "DesiredState.Host", "Waiting", "Waiting"),
        ("v1beta3", "status.phase", "Waiting", "Waiting"),
        ("v1beta1", "nothing", "Waiting", "Waiting"),
    ],
)
def test_a_value_is_said_in_the_contracts_words(version: str, name: str, value: str, expected: str) -> None:
    assert VERSIONS[version].proto_value(VERSIONS[version].kinds["Pod"], name, value) == expected


@pytest.mark.parametrize(("version", "form"), FORMS.values(), ids=FORMS)
def test_every_name_is_that_of_a_field_that_can_be_selected(version: Version, form: Form) -> None:
    known = fields_of(kinds.of_message(form.message)) if form.stored else {}
    assert set(form.selectable.values()) <= set(known)
