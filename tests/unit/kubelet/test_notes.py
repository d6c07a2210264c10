from __future__ import annotations

from peapod.kubelet.notes import Notes
from peapod.kubelet.planning.memory import Now
from tests.support.pods import at, make_pod, seen


def moment(seconds: float) -> Now:
    return Now(at(seconds), seconds)


def test_pauses_double_up_to_five_minutes_and_the_reason_changes() -> None:
    notes = Notes()
    failures = [notes.failed("a", "ErrImagePull", "gone", moment(0), later="ImagePullBackOff") for _ in range(7)]
    assert [failure.retry_at for failure in failures] == [10, 20, 40, 80, 160, 300, 300]
    assert [failure.reason for failure in failures[:3]] == ["ErrImagePull", "ImagePullBackOff", "ImagePullBackOff"]


def test_a_start_forgets_the_failures_of_the_container_and_of_the_pod() -> None:
    notes = Notes()
    for part in ("a", "b", ""):
        notes.failed(part, "RunContainerError", "no", moment(0))
    notes.started("a")
    assert set(notes.memory([], moment(1)).failures) == {"b"}


def test_a_retry_comes_at_once_and_the_count_goes_on() -> None:
    notes = Notes()
    assert not notes.retry("")
    notes.failed("", "RunContainerError", "port taken", moment(5))
    assert notes.retry("")
    assert notes.memory([], moment(5)).failures[""].retry_at <= 5
    assert notes.failed("", "RunContainerError", "port taken", moment(6)).retry_at == 26


def test_the_first_sight_of_an_end_is_kept_and_forgotten_with_the_container() -> None:
    notes, pod = Notes(), make_pod()
    ended = seen(pod, ran=(0, 1))
    assert notes.memory([ended], moment(3)).ended == {ended.id: 3}
    assert notes.memory([ended, seen(pod, attempt=1)], moment(9)).ended == {ended.id: 3}
    assert notes.memory([], moment(9)).ended == {}
