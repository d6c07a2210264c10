"""Whom other names are asked of."""

from __future__ import annotations

import pytest

from peapod.common.address import HostPort
from peapod.dns.config import DnsConfig
from peapod.dns.upstreams import SHUN_SECONDS, ordered, others, parse

A, B, C = (HostPort(f"192.0.2.{number}", 53) for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.1", A),
        ("192.0.2.1:5353", HostPort("192.0.2.1", 5353)),
        ("fd00::1", HostPort("fd00::1", 53)),
        ("[fd00::1]:5353", HostPort("fd00::1", 5353)),
    ],
)
def test_an_address_with_a_port_or_without(text: str, found: HostPort) -> None:
    assert parse(text) == found


@pytest.mark.parametrize("text", ["", "dns.example", "dns.example:53", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:99999"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no IP address"):
        parse(text)


@pytest.mark.parametrize(
    ("own", "left"),
    [
        (HostPort("127.0.0.1", 53), [A, HostPort("127.0.0.1", 54)]),
        (HostPort("127.0.0.2", 53), [A, HostPort("127.0.0.1", 53), HostPort("127.0.0.1", 54)]),
        (HostPort("0.0.0.0", 53), [A, HostPort("127.0.0.1", 54)]),
        (HostPort("::", 53), [A, HostPort("127.0.0.1", 54)]),
        (HostPort("0.0.0.0", 54), [A, HostPort("127.0.0.1", 53)]),
    ],
)
def test_a_server_does_not_ask_itself(own: HostPort, left: list[HostPort]) -> None:
    servers = [A, HostPort("127.0.0.1", 53), HostPort("127.0.0.1", 54), A]
    assert others(servers, own, lambda host: host.startswith("127.")) == left


def test_who_has_just_failed_is_asked_last() -> None:
    failed = {A: 100.0, C: 99.0}
    assert ordered([A, B, C], failed, 101) == [B, A, C]
    assert ordered([A, B, C], failed, 99 + SHUN_SECONDS) == [B, C, A]
    assert ordered([A, B, C], failed, 100 + SHUN_SECONDS) == [A, B, C]
    assert ordered([A, B, C], {}, 0) == [A, B, C]


@pytest.mark.parametrize(
    ("settings", "flag"),
    [
        ({"address": "localhost:53"}, "--address"),
        ({"address": ":53"}, "--address"),
        ({"address": "127.0.0.1"}, "--address"),
        ({"cluster_domain": "Not_A_Domain"}, "--cluster-domain"),
        ({"cluster_domain": "x" * 64}, "--cluster-domain"),
        ({"cluster_domain": ".".join(["x" * 50] * 5)}, "--cluster-domain"),
        ({"upstream": ("192.0.2.1", "somewhere")}, "--upstream"),
        ({"upstream_seconds": 0.0}, "--upstream-seconds"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_their_flag(settings: dict[str, object], flag: str) -> None:
    with pytest.raises(ValueError, match=flag):
        DnsConfig(**settings)  # type: ignore[arg-type]
