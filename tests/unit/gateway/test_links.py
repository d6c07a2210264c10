"""References that lead through the proxy again."""

from __future__ import annotations

import pytest

from peapod.gateway.forward.destination import Destination
from peapod.gateway.forward.links import Links, links
from peapod.gateway.forward.place import parse

PREFIX = "/api/v1beta1/proxy/pods/web:8080"
HERE = Destination("10.0.0.1", 8080)


def of(path: str = "/page", query: str = "", destination: Destination = HERE) -> Links:
    place = parse(f"{PREFIX}{path}".encode(), query.encode())
    assert place is not None
    return links(place, destination)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("/", f"{PREFIX}/"),
        ("/a?b=/c#d", f"{PREFIX}/a?b=/c#d"),
        (" /a ", f"{PREFIX}/a"),
        ("http://10.0.0.1:8080/a", f"{PREFIX}/a"),
        ("HTTPS://10.0.0.1:8080", f"{PREFIX}/"),
        ("//10.0.0.1:8080?a", f"{PREFIX}/?a"),
        (f"{PREFIX}er/a", f"{PREFIX}{PREFIX}er/a"),
    ],
)
def test_what_is_on_the_same_server_is_rewritten(reference: str, expected: str) -> None:
    assert of().rewritten(reference) == expected


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "#top",
        "a.css",
        "../a.css",
        "?page=2",
        "http://10.0.0.1/other-port",
        "http://example.com/a",
        "//example.com/a",
        "mailto:someone",
        "javascript:go('/a')",
        "data:text/html,/a",
        "http:a",
        PREFIX,
        f"{PREFIX}/a",
        f"{PREFIX}?a",
    ],
)
def test_what_is_elsewhere_or_leads_here_already_stays(reference: str) -> None:
    assert of().rewritten(reference) == reference


def test_references_from_a_page_without_a_slash_are_led_below_it() -> None:
    assert of("").rewritten("a.css") == f"{PREFIX}/a.css"
    assert of("").rewritten("?x") == f"{PREFIX}/?x"
    assert of("").rewritten("#top") == "#top"


def test_the_namespace_is_kept() -> None:
    kept = of(query="namespace=prod")
    assert kept.rewritten("/a") == f"{PREFIX}/a?namespace=prod"
    assert kept.rewritten("a?b#c") == "a?b&namespace=prod#c"
    assert kept.rewritten("/a?b=1&#38;c=2#d", "&amp;") == f"{PREFIX}/a?b=1&#38;c=2&amp;namespace=prod#d"
    assert kept.rewritten("http://example.com/a") == "http://example.com/a"


def test_a_server_at_the_usual_port_has_two_names() -> None:
    for destination in (Destination("10.0.0.1", None), Destination("10.0.0.1", 80)):
        for host in ("10.0.0.1", "10.0.0.1:80"):
            assert of(destination=destination).rewritten(f"http://{host}/a") == f"{PREFIX}/a"
