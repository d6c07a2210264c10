"""Each rule of replication controllers: what breaks it is named, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from peapod.apiserver.resources.replication_controller import keep, strategy
from peapod.rules.replication_controller import set_defaults, violations
from peapod.v1 import pod_pb2
from peapod.v1.replication_controller_pb2 import ReplicationController
from tests.support.kinds import make_controller

T = "spec.template"
S = f"{T}.spec"

Change = Callable[[ReplicationController], object]


def wrong(controller: ReplicationController) -> list[tuple[str, str]]:
    set_defaults(controller)
    return [(violation.field, violation.reason) for violation in violations(controller)]


def changed(change: Change) -> ReplicationController:
    controller = make_controller()
    change(controller)
    return controller


def with_disk(controller: ReplicationController, *, read_only: bool) -> None:
    spec = controller.spec.template.spec
    spec.volumes.add(name="scratch")
    disk = spec.volumes.add(name="disk").gce_persistent_disk
    disk.pd_name, disk.fs_type, disk.read_only = "d", "ext4", read_only


def mislabel(controller: ReplicationController) -> None:
    controller.spec.template.metadata.labels["app"] = "db"


def set_policy(policy: pod_pb2.RestartPolicy) -> Change:
    return lambda controller: setattr(controller.spec.template.spec, "restart_policy", policy)


WRONG: list[tuple[Change, str, str]] = [
    (lambda it: setattr(it.spec, "replicas", -1), "spec.replicas", "INVALID"),
    (lambda it: it.spec.ClearField("selector"), "spec.selector", "REQUIRED"),
    (lambda it: it.spec.ClearField("template"), T, "REQUIRED"),
    (mislabel, f"{T}.metadata.labels", "INVALID"),
    (lambda it: it.spec.template.ClearField("metadata"), f"{T}.metadata.labels", "INVALID"),
    (lambda it: it.spec.template.metadata.labels.update(Bad_Key="v"), f"{T}.metadata.labels", "INVALID"),
    (lambda it: it.spec.template.metadata.annotations.update({"/": "v"}), f"{T}.metadata.annotations", "INVALID"),
    (
        lambda it: it.spec.template.metadata.annotations.update({"a": "x" * 70_000}),
        f"{T}.metadata.annotations",
        "TOO_LONG",
    ),
    (lambda it: it.spec.template.ClearField("spec"), f"{S}.containers", "REQUIRED"),
    (lambda it: setattr(it.spec.template.spec.containers[0], "image", ""), f"{S}.containers[0].image", "REQUIRED"),
    (set_policy(pod_pb2.RESTART_POLICY_NEVER), f"{S}.restart_policy", "NOT_SUPPORTED"),
    (set_policy(pod_pb2.RESTART_POLICY_ON_FAILURE), f"{S}.restart_policy", "NOT_SUPPORTED"),
    (set_policy(7), f"{S}.restart_policy", "NOT_SUPPORTED"),  # type: ignore[arg-type]
    (
        lambda it: with_disk(it, read_only=False),
        f"{S}.volumes[1].gce_persistent_disk.read_only",
        "INVALID",
    ),
]


@pytest.mark.parametrize(
    ("change", "field", "reason"), WRONG, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_wrong_is_named(change: Change, field: str, reason: str) -> None:
    assert wrong(changed(change)) == [(field, reason)]


def one_writer(controller: ReplicationController) -> None:
    with_disk(controller, read_only=False)
    controller.spec.replicas = 1


RIGHT: list[Change] = [
    lambda it: None,
    lambda it: setattr(it.spec, "replicas", 0),
    lambda it: with_disk(it, read_only=True),
    one_writer,
    set_policy(pod_pb2.RESTART_POLICY_ALWAYS),
    lambda it: it.spec.template.metadata.annotations.update(about="it"),
]


@pytest.mark.parametrize("change", RIGHT)
def test_what_is_right_passes(change: Change) -> None:
    assert wrong(changed(change)) == []


def test_everything_is_said_at_once() -> None:
    controller = ReplicationController()
    controller.spec.replicas = -1
    assert wrong(controller) == [
        ("spec.replicas", "INVALID"),
        ("spec.selector", "REQUIRED"),
        (T, "REQUIRED"),
    ]


def test_the_template_gets_a_pods_defaults() -> None:
    controller = make_controller()
    set_defaults(controller)
    spec = controller.spec.template.spec
    assert spec.restart_policy == pod_pb2.RESTART_POLICY_ALWAYS
    assert spec.containers[0].image_pull_policy == pod_pb2.PULL_POLICY_IF_NOT_PRESENT
    empty = ReplicationController()
    set_defaults(empty)
    assert not empty.spec.HasField("template")


def test_a_status_that_is_not_given_is_kept() -> None:
    old = make_controller()
    old.status.replicas = 3
    new = make_controller()
    keep(new, old)
    assert new.status.replicas == 3
    new.status.replicas = 0
    keep(new, old)
    assert new.status.replicas == 0


def privileged(*which: bool) -> ReplicationController:
    controller = make_controller()
    (container,) = controller.spec.template.spec.containers
    for index, allowed in enumerate(which[1:], start=1):
        more = controller.spec.template.spec.containers.add(name=f"c{index}", image=container.image)
        more.security_context.privileged = allowed
    container.security_context.privileged = which[0]
    return controller


def test_privileged_pods_are_not_begun_where_none_may_be() -> None:
    rules = strategy()
    (violation,) = rules.validate_new(privileged(True))
    assert violation.field == f"{S}.containers[0].security_context.privileged"
    assert violation.reason == "FORBIDDEN"
    assert [*rules.validate_update(privileged(True), privileged(False))] == [violation]
    assert [*rules.validate_new(privileged(False))] == []


def test_what_was_privileged_already_can_still_be_scaled_down() -> None:
    rules = strategy()
    assert [*rules.validate_update(privileged(True), privileged(True))] == []
    (violation,) = rules.validate_update(privileged(True, True), privileged(True, False))
    assert violation.field == f"{S}.containers[1].security_context.privileged"


def test_they_are_begun_where_they_may_be() -> None:
    rules = strategy(allow_privileged=True)
    assert [*rules.validate_new(privileged(True))] == []
    assert [*rules.validate_update(privileged(True), privileged(False))] == []
