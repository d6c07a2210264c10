from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peapod.controllers.members import Members
from tests.support.objects import make_pod

NAMESPACES, NAMES = ("a", "b"), ("x", "y", "z")
LABELS = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["1", "2"]), max_size=2)
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["pod", "owner"]), st.sampled_from(NAMESPACES), st.sampled_from(NAMES), LABELS | st.none()
    )
)


@given(CHANGES)
def test_members_are_those_that_a_look_at_everything_would_find(changes) -> None:
    members = Members()
    pods, owners = {}, {}
    for kind, namespace, name, labels in changes:
        key = namespace, name
        if kind == "owner":
            owners[key] = labels or {}
            members.choose(key, owners[key])
            continue
        old = pods.pop(key, None)
        new = None if labels is None else make_pod(name, namespace=namespace, labels=labels)
        if new is not None:
            pods[key] = new
        concerned = members.changed(old, new)
        both = [pod.metadata.labels for pod in (old, new) if pod is not None]
        assert set(concerned) == {
            owner
            for owner, wanted in owners.items()
            if wanted and owner[0] == namespace and any(wanted.items() <= dict(one).items() for one in both)
        }
        for owner, wanted in owners.items():
            assert dict(members.of(owner)) == {
                each: pod
                for (where, each), pod in pods.items()
                if wanted and where == owner[0] and wanted.items() <= dict(pod.metadata.labels).items()
            }


def test_an_unknown_owner_has_none() -> None:
    assert not Members().of(("a", "x"))
