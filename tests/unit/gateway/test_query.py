"""What stands behind the question mark."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.common.errors import Invalid
from peapod.gateway.query import EMPTY, WRITE_SECONDS, Query, parse


@pytest.mark.parametrize(
    ("text", "query"),
    [
        (b"", EMPTY),
        (b"a=b", EMPTY),
        (b"&&=&x", EMPTY),
        (b"namespace=n", Query(namespace="n")),
        (b"namespace=", Query(namespace="")),
        (b"namespace=a&namespace=b", Query(namespace="a")),
        (b"labels=key1%3Dvalue1", Query(labels="key1=value1")),
        (b"labels=key1+in+%28value1%2Cvalue2%29", Query(labels="key1 in (value1,value2)")),
        (b"labelSelector=a%3Db&fieldSelector=c%3Dd", Query(labels="a=b", fields="c=d")),
        (b"labels=a&labelSelector=b", Query(labels="a")),
        (b"fields=DesiredState.Host%3D", Query(fields="DesiredState.Host=")),
        (b"watch", Query(watch=True)),
        (b"watch=", Query(watch=True)),
        (b"watch=junk", Query(watch=True)),
        (b"watch=0", EMPTY),
        (b"watch=False", EMPTY),
        (b"resourceVersion=7", Query(revision=7)),
        (b"resourceVersion=", EMPTY),
        (b"resourceVersion=0", EMPTY),
        (b"strict", Query(strict=True)),
        (b"strict=false", EMPTY),
        (b"timeout=4m0s", Query(timeout=240.0)),
        (b"timeout=1h2m3.5s", Query(timeout=3600.0)),
        (b"timeout=1.5s", Query(timeout=1.5)),
        (b"timeout=250ms", Query(timeout=0.25)),
        (b"timeout=.5s", Query(timeout=0.5)),
        (b"timeout=3%C2%B5s", Query(timeout=3e-6)),
        (b"timeout=0", Query(timeout=WRITE_SECONDS)),
        (b"timeout=0s", Query(timeout=WRITE_SECONDS)),
        (b"timeout=", EMPTY),
    ],
)
def test_a_query_says(text: bytes, query: Query) -> None:
    assert parse(text) == query


@pytest.mark.parametrize(
    "text", [b"timeout=5", b"timeout=s", b"timeout=-1s", b"timeout=1s2", b"timeout=1 s", b"x=%ff", b"\xff"]
)
def test_a_query_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid):
        parse(text)


@pytest.mark.parametrize(
    "version", ["x", "-1", "+1", "1.0", "1e3", "٣", "9223372036854775808", "1" * 5000, " 1", "0x1"]
)
def test_a_version_that_is_none_is_refused_as_such(version: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(urlencode({"resourceVersion": version}).encode())
    assert refused.value.reason == "BAD_VERSION"
    assert len(refused.value.message) < 200


@given(st.binary(max_size=60) | st.text().map(lambda text: urlencode({"labels": text, "timeout": text}).encode()))
def test_any_query_is_read_or_refused(text: bytes) -> None:
    with suppress(Invalid):
        assert 0 < parse(text).timeout <= 3600


@given(st.text(max_size=20), st.text(max_size=20), st.integers(0, 2**63 - 1))
def test_what_a_client_writes_arrives(labels: str, namespace: str, revision: int) -> None:
    written = {"labels": labels, "namespace": namespace, "resourceVersion": revision}
    found = parse(urlencode(written, errors="surrogatepass").encode())
    assert (found.labels, found.namespace, found.revision) == (labels, namespace, revision)


def test_a_long_query_is_read_as_a_short_one_is() -> None:
    names = ",".join(f"key{number}" for number in range(10_000))
    assert parse(f"labels={names}".encode()).labels == names
