"""What URLs below /redirect and /proxy name."""

from __future__ import annotations

import pytest

from peapod.codec.versions import V1BETA1, V1BETA3
from peapod.gateway.forward.place import Place, about, parse
from peapod.gateway.resources import NODES, PODS, SERVICES
from peapod.gateway.status import About, BadRequest


def read(path: str, query: str = "") -> Place | None:
    return parse(path.encode(), query.encode())


def test_a_pod_its_port_and_what_is_asked_of_it() -> None:
    prefix = "/api/v1beta1/proxy/pods/web:80"
    place = read(f"{prefix}/a/b/", "x=1")
    assert place == Place(V1BETA1, PODS, "default", "web", "80", prefix, "/a/b/", "x=1", "")
    assert place.target == "/a/b/?x=1"


def test_the_namespace_of_a_query_is_kept_for_links_and_passed_on() -> None:
    place = read("/api/v1beta2/proxy/services/db", "namespace=prod%2B&x=1")
    assert place is not None
    assert (place.resource, place.namespace, place.kept) == (SERVICES, "prod+", "namespace=prod%2B")
    assert place.target == "/?namespace=prod%2B&x=1"


def test_later_versions_have_the_namespace_in_the_path() -> None:
    place = read("/api/v1beta3/proxy/namespaces/prod/pods/web/x", "namespace=other")
    assert place is not None
    assert (place.namespace, place.kept, place.prefix) == ("prod", "", "/api/v1beta3/proxy/namespaces/prod/pods/web")


@pytest.mark.parametrize(
    "path", ["/api/v1beta1/proxy/minions/n1/x", "/api/v1beta2/redirect/nodes/n1", "/api/v1beta3/proxy/nodes/n1"]
)
def test_nodes_live_outside_of_namespaces(path: str) -> None:
    place = read(path, "namespace=")
    assert place is not None
    assert (place.resource, place.namespace, place.name) == (NODES, "", "n1")


def test_what_is_encoded_stays_so() -> None:
    place = read("/api/v1beta1/proxy/pods/w%65b%3A8080/a%2Fb/\xff#", "q=%C3%A4")
    assert place is not None
    assert (place.name, place.port) == ("web", "8080")
    assert place.target == "/a%2Fb/%C3%BF%23?q=%C3%A4"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1beta1/proxy/pods",
        "/api/v1beta1/proxy/pods/",
        "/api/v1beta1/proxy/Pods/web",
        "/api/v1beta1/proxy/secrets/x",
        "/api/v1beta1/proxy/watch/pods/web",
        "/api/v1beta1/proxy/namespaces/prod/pods/web",
        "/api/v1beta3/proxy/pods/web",
        "/api/v1beta3/proxy/namespaces//pods/web",
        "/api/v1beta3/proxy/minions/n1",
        "/api/v1beta3/proxy/namespaces/prod/nodes/n1",
        "/api/v1/proxy/pods/web",
    ],
)
def test_no_other_url_names_anything(path: str) -> None:
    assert read(path) is None


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v1beta1/proxy/pods/web", "namespace="),
        ("/api/v1beta1/proxy/pods/:80", ""),
    ],
)
def test_an_empty_name_is_refused(path: str, query: str) -> None:
    with pytest.raises(BadRequest):
        read(path, query)


def test_what_fails_is_said_of_what_was_asked_for() -> None:
    assert about(b"/api/v1beta1/proxy/pods/web:80/x") == About(V1BETA1, PODS, "web")
    assert about(b"/api/v1beta3/proxy/namespaces/prod/services/db") == About(V1BETA3, SERVICES, "db")
    assert about(b"/api/v1beta3/proxy/none/x") == About(V1BETA3)
    assert about(b"/nowhere") == About()
