"""Which mirrors are made and which removed, so that the API shows a node's static pods and nothing else."""

from __future__ import annotations

from peapod.kubelet.mirrors import decide, mirror_of, shows
from peapod.rules.mirror import MIRROR, SOURCE, is_mirror
from peapod.v1 import pod_pb2
from tests.support.pods import make_pod


def static(uid: str = "s-1", name: str = "web-n1", image: str = "hollow/web") -> pod_pb2.Pod:
    pod = make_pod(uid=uid, name=name, image=image)
    pod.metadata.annotations[SOURCE] = "file"
    pod.spec.node_name = "n1"
    return pod


def stored(pod: pod_pb2.Pod, uid: str = "m-1") -> pod_pb2.Pod:
    """A mirror as the apiserver has it."""
    mirror = mirror_of(pod)
    mirror.metadata.uid, mirror.metadata.resource_version = uid, 7
    mirror.status.phase = pod_pb2.POD_PHASE_PENDING
    return mirror


def acts(
    statics: list[pod_pb2.Pod], mirrors: list[pod_pb2.Pod], *, complete: bool = True
) -> tuple[list[str], list[str]]:
    made = decide({pod.metadata.uid: pod for pod in statics}, mirrors, complete=complete)
    return [pod.metadata.uid for pod in made.delete], [pod.metadata.annotations[MIRROR] for pod in made.create]


def test_a_mirror_shows_its_pod_under_a_uid_of_its_own() -> None:
    mirror = mirror_of(static())
    assert is_mirror(mirror)
    assert (mirror.metadata.name, mirror.metadata.uid) == ("web-n1", "")
    assert (mirror.metadata.annotations[MIRROR], mirror.metadata.annotations[SOURCE]) == ("s-1", "file")
    assert mirror.spec == static().spec


def test_what_is_shown_is_left_alone() -> None:
    pod = static()
    assert shows(stored(pod), pod)
    assert acts([pod], [stored(pod)]) == ([], [])


def test_what_is_not_shown_gets_a_mirror() -> None:
    assert acts([static()], []) == ([], ["s-1"])


def test_a_pod_that_has_changed_gets_another_mirror() -> None:
    assert acts([static(image="hollow/new")], [stored(static())]) == (["m-1"], ["s-1"])
    assert acts([static(name="other-n1")], [stored(static())]) == (["m-1"], ["s-1"])


def test_a_mirror_of_nothing_goes_but_only_when_all_pods_are_known() -> None:
    assert acts([], [stored(static())]) == (["m-1"], [])
    assert acts([], [stored(static())], complete=False) == ([], [])


def test_of_one_manifest_after_another_the_first_mirror_goes() -> None:
    old, new = static("s-1"), static("s-2", image="hollow/new")
    assert acts([new], [stored(old)]) == (["m-1"], ["s-2"])
