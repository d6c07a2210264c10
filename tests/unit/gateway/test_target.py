"""What paths name, by example and whatever they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.codec.versions import VERSIONS
from peapod.gateway.resources import BINDING, NODES, PODS, RESOURCES, Resource
from peapod.gateway.target import parse


def by_segment(segment: str) -> Resource:
    return next(each for each in RESOURCES for version in VERSIONS.values() if segment in each.segments(version))


@pytest.mark.parametrize(
    ("path", "segment", "namespace", "name", "part", "watch"),
    [
        ("/api/v1beta1/pods", "pods", None, "", "", False),
        ("/api/v1beta1/pods/", "pods", None, "", "", False),
        ("/api/v1beta2/pods/a", "pods", None, "a", "", False),
        ("/api/v1beta1/pods/a/status", "pods", None, "a", "status", False),
        ("/api/v1beta1/pods/a/binding", "pods", None, "a", "binding", False),
        ("/api/v1beta1/nodes/a", "nodes", None, "a", "", False),
        ("/api/v1beta1/minions/a", "minions", None, "a", "", False),
        ("/api/v1beta3/nodes/a", "nodes", None, "a", "", False),
        ("/api/v1beta1/replicationControllers", "replicationControllers", None, "", "", False),
        ("/api/v1beta3/replicationcontrollers", "replicationcontrollers", None, "", "", False),
        ("/api/v1beta1/watch/pods", "pods", None, "", "", True),
        ("/api/v1beta1/watch/pods/", "pods", None, "", "", True),
        ("/api/v1beta1/watch/pods/a", "pods", None, "a", "", True),
        ("/api/v1beta3/namespaces/n/pods", "pods", "n", "", "", False),
        ("/api/v1beta3/namespaces/n/pods/a/status", "pods", "n", "a", "status", False),
        ("/api/v1beta3/watch/namespaces/n/pods/a", "pods", "n", "a", "", True),
        ("/api/v1beta3/namespaces/n", "namespaces", None, "n", "", False),
        ("/api/v1beta3/namespaces/n/finalize", "namespaces", None, "n", "finalize", False),
        ("/api/v1beta3/namespaces/pods/pods", "pods", "pods", "", "", False),
        ("/api/v1beta1/pods/a%2Fb", "pods", None, "a/b", "", False),
        ("/api/v1beta1/pods/%E2%82%AC", "pods", None, "€", "", False),
        ("/api/v1beta1/pods/watch", "pods", None, "watch", "", False),
    ],
)
def test_a_path_names(path: str, segment: str, namespace: str | None, name: str, part: str, watch: bool) -> None:
    found = parse(path)
    assert found is not None
    assert (found.segment, found.namespace, found.name, found.part) == (segment, namespace, name, part)
    assert (found.watch, found.resource) == (watch, by_segment(segment))


@pytest.mark.parametrize(
    "path", ["/api/v1beta1/bindings", "/api/v1beta1/bindings/", "/api/v1beta3/namespaces/n/bindings"]
)
def test_bindings_are_about_pods(path: str) -> None:
    found = parse(path)
    assert found is not None
    assert (found.resource, found.part, found.name, found.about.binding) == (PODS, BINDING, "", True)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/api",
        "/api/",
        "/api/v1beta1",
        "/api/v1beta1/",
        "/api/v9/pods",
        "api/v1beta1/pods",
        "/API/v1beta1/pods",
        "/api/v1beta1/Pods",
        "/api/v1beta1/pod",
        "/api/v1beta1//pods",
        "/api/v1beta1/pods//",
        "/api/v1beta1/pods/a/",
        "/api/v1beta1/pods/a/nothing",
        "/api/v1beta1/pods/a/finalize",
        "/api/v1beta1/services/a/binding",
        "/api/v1beta1/pods/a/status/",
        "/api/v1beta1/bindings/a",
        "/api/v1beta1/watch",
        "/api/v1beta1/watch/",
        "/api/v1beta1/watch/bindings",
        "/api/v1beta1/watch/pods/a/status",
        "/api/v1beta1/namespaces/n/pods",
        "/api/v1beta1/replicationcontrollers",
        "/api/v1beta3/replicationControllers",
        "/api/v1beta3/minions",
        "/api/v1beta3/namespaces//pods",
        "/api/v1beta3/namespaces/n/nodes",
        "/api/v1beta3/namespaces/n/namespaces",
        "/api/v1beta1%2Fpods",
    ],
)
def test_there_is_nothing_at(path: str) -> None:
    assert parse(path) is None


WORDS = st.sampled_from(
    ["", "watch", "namespaces", "bindings", "binding", "status", "%", "%2f", "%00", "%ff", "\udcff", "é", *VERSIONS]
    + [segment for each in RESOURCES for version in VERSIONS.values() for segment in each.segments(version)]
)


@given(st.lists(WORDS | st.text(max_size=5), max_size=8).map("/".join), st.sampled_from(["", "/api/", "/api/v1beta1/"]))
def test_any_path_names_something_or_nothing(path: str, before: str) -> None:
    found = parse(before + path)
    if found is not None:
        assert found.segment in {*found.resource.segments(found.version), "bindings"}
        assert not found.part or found.name or found.segment == "bindings"
        assert not (found.watch and found.part)


def test_a_kind_is_found_by_each_of_its_words_in_each_version() -> None:
    for resource in RESOURCES:
        for version in VERSIONS.values():
            for segment in resource.segments(version):
                found = parse(f"/api/{version.name}/{segment}")
                assert found is not None
                assert (found.resource, found.namespaced) == (resource, resource.kind.namespaced)
    assert NODES.segments(VERSIONS["v1beta1"]) == ("minions", "nodes")
    assert NODES.segments(VERSIONS["v1beta3"]) == ("nodes",)
