"""Requests that nobody should send: half right, wrong in every part, or no requests at all.

None goes where the gateway would pass it on: a node's or a pod's address may be anything here.
"""

from __future__ import annotations

import copy
import json
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from tests.support.documents import JUNK, anything
from tests.support.rest_documents import KINDS, VERSIONS, Told

NAMES = st.sampled_from(["a", "b", "c-0", "", "A", "x" * 300, "ü", "a/b", ".."])
NAMESPACES = st.sampled_from(["default", "n", "", "N", "a b"])
_FEW = 40


class Attempt(NamedTuple):
    """One request."""

    method: str
    target: str
    """Path and query as they are sent."""
    headers: dict[str, str]
    body: bytes


@st.composite
def _right(draw: st.DrawFn) -> Any:
    told: Told = draw(st.sampled_from(KINDS))
    version = draw(st.sampled_from(VERSIONS))
    document = copy.deepcopy(told.document(version, draw(NAMES)))
    if draw(st.booleans()):
        document["resourceVersion"] = draw(st.integers(0, 50))
    return document


@st.composite
def _damaged(draw: st.DrawFn) -> Any:
    """A right document with junk in some places."""
    document = draw(_right())
    for _ in range(draw(st.integers(1, 3))):
        place: Any = document
        while isinstance(place, (dict, list)) and place:
            key = draw(st.sampled_from([*place] if isinstance(place, dict) else range(len(place))))
            inside = place[key]
            if not isinstance(inside, (dict, list)) or not inside or draw(st.integers(0, 2)) == 0:
                place[key] = copy.deepcopy(draw(JUNK | ODD))
                break
            place = inside
    return document


ODD = st.sampled_from(
    [
        "\ud800",
        "\0",
        "\r\nX: y",
        2**63,
        -(2**63) - 1,
        10**4000,
        1e308,
        5e-324,
        "9" * 5000,
        "1e999999999",
        "1e-999999999Ki",
        "0" * 70,
        "x" * 70_000,
        [[[[]]]],
        {"$patch": "replace"},
        {"$patch": {}},
    ]
)

_PIECES = st.sampled_from(
    [
        *(bytes((sign,)) for sign in b'{}[]":,1- \\\xff\0'),
        *(b"null", b"1e999", b"NaN", b"\\ud800", b'"id"', b'"kind"', b'"Pod"', b'"apiVersion"', b'"v1beta1"'),
        *(b'{"a":' * 300, b"[" * 2000),
    ]
)
"""What a body may be put together from that is hardly ever JSON."""


def _written(document: Any) -> bytes:
    return json.dumps(document).encode()


@st.composite
def _cut(draw: st.DrawFn) -> bytes:
    whole = _written(draw(_right()))
    return whole[: draw(st.integers(0, len(whole)))] + draw(_PIECES)


BODIES = st.one_of(
    st.just(b""),
    _right().map(_written),
    _damaged().map(_written),
    anything().map(_written),
    st.dictionaries(st.sampled_from(["labels", "metadata", "spec", "desiredState", "$patch"]), JUNK | ODD).map(
        _written
    ),
    (JUNK | ODD).map(_written),
    _cut(),
    st.lists(_PIECES, max_size=12).map(b"".join),
    st.binary(max_size=_FEW),
)

_WORDS = st.sampled_from(
    [
        "watch",
        "namespaces",
        "bindings",
        "binding",
        "status",
        "finalize",
        "n",
        "a",
        "",
        ".",
        "..",
        "%",
        "%zz",
        "%ff",
        "%00",
    ]
    + [told.word(version) for told in KINDS for version in VERSIONS]
)


def _is_forwarded(path: str) -> bool:
    return "proxy" in path or "redirect" in path


@st.composite
def _likely_path(draw: st.DrawFn) -> str:
    told, version = draw(st.sampled_from(KINDS)), draw(st.sampled_from(VERSIONS))
    namespace = quote(draw(NAMESPACES), safe="")
    path = told.collection(version, namespace, watch=draw(st.integers(0, 9)) == 0)
    part = draw(st.sampled_from(["", "", "", "", "/status", "/binding", "/finalize", "/"]))
    return path if draw(st.booleans()) else f"{path}/{quote(draw(NAMES), safe='')}{part}"


_UNLIKELY = st.tuples(
    st.sampled_from(["/api/", "/api/v1beta1/", "/api/v1beta3/", "/swaggerapi/", "/"]),
    st.lists(_WORDS | st.text(max_size=4).map(lambda text: quote(text, errors="surrogatepass")), max_size=6).map(
        "/".join
    ),
).map("".join)
PATHS = st.one_of(_likely_path(), _likely_path(), _UNLIKELY).filter(lambda path: not _is_forwarded(path))

SELECTORS = st.sampled_from(
    [
        "a=b",
        "a in (b,c)",
        "a notin (b",
        "!!",
        "a,",
        "name=a",
        "name",
        "DesiredState.Host=",
        "spec.host=a",
        "x=y",
        "=" * 999,
    ]
) | st.text(max_size=_FEW)
PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "namespace": NAMESPACES,
        "labels": SELECTORS,
        "fields": SELECTORS,
        "labelSelector": SELECTORS,
        "fieldSelector": SELECTORS,
        "watch": st.sampled_from(["", "true", "0"]),
        "resourceVersion": st.sampled_from(["0", "1", "", "x", "-1", "9" * 30, "9" * 5000]),
        "timeout": st.sampled_from(["30s", "1h", "", "x", "-1s", "1e9s"]) | st.text(max_size=5),
        "strict": st.sampled_from(["", "true", "false"]),
        "pretty": st.text(max_size=3),
    },
)
QUERIES = st.one_of(
    st.just(""),
    PARAMETERS.map(lambda given: "?" + urlencode(given, errors="surrogatepass")),
    st.binary(max_size=_FEW).map(lambda text: "?" + quote(text, safe="&=%;+")),
)

_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=_FEW)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(
            ["application/json", "application/strategic-merge-patch+json", "application/json-patch+json", "text/plain;"]
        )
        | _VALUES,
        "Accept-Encoding": st.sampled_from(["gzip", "gzip;q=0", "*"]) | _VALUES,
        "Accept": _VALUES,
        "Cache-Control": st.sampled_from(["no-cache", "max-age=0"]) | _VALUES,
        "Cookie": _VALUES,
        "Origin": _VALUES,
        "X-Forwarded-For": _VALUES,
        "Upgrade": st.sampled_from(["websocket", "SPDY/3.1"]) | _VALUES,
        "Connection": st.sampled_from(["Upgrade", "close", "keep-alive"]) | _VALUES,
        "Sec-WebSocket-Version": st.sampled_from(["13", "8"]) | _VALUES,
        "Sec-WebSocket-Key": st.just("dGhlIHNhbXBsZSBub25jZQ==") | _VALUES,
        "Sec-WebSocket-Protocol": _VALUES,
        "Transfer-Encoding": st.just("chunked"),
        "Expect": st.just("100-continue"),
    },
)

METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "POST", "PUT", "PATCH"])

ATTEMPTS = st.builds(Attempt, METHODS, st.tuples(PATHS, QUERIES).map("".join), st.just({}) | HEADERS, BODIES)
"""Any request."""

WRITES = st.builds(
    Attempt,
    st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]),
    st.tuples(_likely_path().filter(lambda path: not _is_forwarded(path)), QUERIES).map("".join),
    st.just({})
    | st.sampled_from(["application/json", "application/strategic-merge-patch+json"]).map(
        lambda media: {"Content-Type": media}
    ),
    BODIES,
)
"""Requests whose bodies are read."""
