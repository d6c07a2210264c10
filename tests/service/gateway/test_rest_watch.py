"""Watches over HTTP and WebSocket, as clients from outside have them (v1beta1.md, 4.8)."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.support import rest_documents
from tests.support.gateway import Pair
from tests.support.raw_http import SECONDS, ask, event, opened, watching
from tests.support.rest_documents import KINDS, VERSIONS, Told, pod

API = "/api/v1beta1"
PODS = f"{API}/pods"


def make(rest: str, ns: str, name: str, **more: Any) -> Any:
    made = ask(rest, "POST", f"{PODS}?namespace={ns}", pod(name, **more))
    assert made.status == 201, made.body
    return made.json


def change(rest: str, ns: str, name: str, **parts: Any) -> Any:
    changed = ask(rest, "PATCH", f"{PODS}/{name}?namespace={ns}", parts)
    assert changed.status == 200, changed.body
    return changed.json


def remove(rest: str, ns: str, name: str) -> Any:
    gone = ask(rest, "DELETE", f"{PODS}/{name}?namespace={ns}")
    assert gone.status == 200, gone.body
    return gone.json


def test_an_event_is_a_line_in_a_chunk(rest: str, ns: str) -> None:
    made = make(rest, ns, "a")
    asked = f"GET {API}/watch/pods?namespace={ns} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with opened(rest, asked.encode()) as connection, connection.makefile("rb") as lines:
        assert lines.readline() == b"HTTP/1.1 200 OK\r\n"
        head = dict(line.rstrip().split(b": ", 1) for line in iter(lines.readline, b"\r\n"))
        assert set(head) == {b"date", b"transfer-encoding"}
        assert head[b"transfer-encoding"] == b"chunked"
        size = int(lines.readline(), 16)
        chunk = lines.read(size)
        assert chunk == json.dumps({"type": "ADDED", "object": made}, separators=(",", ":")).encode() + b"\n"
        assert lines.read(2) == b"\r\n"


@pytest.mark.parametrize(
    ("version", "told"),
    [
        pytest.param(version, told, id=f"{version}-{told.segment}")
        for version, told in itertools.product(VERSIONS, KINDS)
        if (version, told) != ("v1beta3", rest_documents.MINION)
    ],
)
def test_every_kind_is_watched_in_every_version(rest: str, ns: str, version: str, told: Told) -> None:
    def metadata(document: Any) -> Any:
        return document["metadata"] if version == "v1beta3" else document

    now = metadata(ask(rest, "GET", told.many(version, ns)).json)["resourceVersion"]
    query = told.query(version, ns) or "?"
    path = f"{told.collection(version, ns, watch=True)}{query}&resourceVersion={now}"
    with watching(rest, path) as watch:
        made = ask(rest, "POST", told.many(version, ns), told.document(version, ns)).json
        assert event(watch) == ("ADDED", made)
        assert (made["kind"], made["apiVersion"]) == (told.name(version), version)
        metadata(made)["labels"] = {"key": "value"}
        put = ask(rest, "PUT", told.one(version, ns, ns), made).json
        assert event(watch) == ("MODIFIED", put)
        if told is rest_documents.NAMESPACE:
            put = finish(rest, version, ns, put)
            assert event(watch) == ("MODIFIED", put)
        assert ask(rest, "DELETE", told.one(version, ns, ns)).status == 200
        kind, gone = event(watch)
        assert kind == "DELETED"
        assert int(metadata(gone).pop("resourceVersion")) > int(metadata(put).pop("resourceVersion"))
        assert gone == put


def finish(rest: str, version: str, ns: str, space: Any) -> Any:
    """Take a namespace's finalizers away."""
    path = f"{rest_documents.NAMESPACE.collection(version, ns)}/{ns}/finalize"
    return ask(rest, "PUT", path, space | {"spec": {"finalizers": []}}).json


@pytest.mark.parametrize("version", VERSIONS)
def test_a_namespace_that_is_deleted_is_watched_to_its_end(rest: str, ns: str, version: str) -> None:
    told = rest_documents.NAMESPACE
    made = ask(rest, "POST", told.many(version, ns), told.document(version, ns)).json
    now = (made["metadata"] if version == "v1beta3" else made)["resourceVersion"]
    with watching(rest, f"{told.collection(version, ns, watch=True)}?resourceVersion={now}") as watch:
        ending = ask(rest, "DELETE", told.one(version, ns, ns))
        assert (ending.status, ending.json["status"]) == (200, {"phase": "Terminating"})
        assert event(watch) == ("MODIFIED", ending.json)
        gone = finish(rest, version, ns, ending.json)
        assert not gone["spec"].get("finalizers")
        assert event(watch) == ("DELETED", gone | {"spec": ending.json["spec"]}), "as it was stored last"
        assert ask(rest, "GET", told.one(version, ns, ns)).status == 404


@pytest.mark.parametrize("value", ["true", "1", "junk", "", "TRUE"])
def test_the_parameter_watches(rest: str, ns: str, value: str) -> None:
    make(rest, ns, "a")
    with watching(rest, f"{PODS}?namespace={ns}&watch={value}") as watch:
        assert event(watch)[0] == "ADDED"


@pytest.mark.parametrize("value", ["false", "0", "FALSE"])
def test_the_parameter_does_not_watch_where_it_says_so(rest: str, ns: str, value: str) -> None:
    make(rest, ns, "a")
    assert ask(rest, "GET", f"{PODS}?namespace={ns}&watch={value}").json["kind"] == "PodList"
    assert ask(rest, "GET", f"{PODS}/a?namespace={ns}&watch=1").json["kind"] == "Pod"


def test_a_watch_from_nothing_begins_with_what_there_is(rest: str, ns: str) -> None:
    new, old = make(rest, ns, "new"), make(rest, ns, "old")
    old = change(rest, ns, "old", labels={"a": "b"})
    for query in ("", "&resourceVersion=0", "&resourceVersion="):
        with watching(rest, f"{API}/watch/pods?namespace={ns}{query}") as watch:
            found = {found["id"]: (kind, found) for kind, found in (event(watch), event(watch))}
            assert found["new"] == ("ADDED", new)
            assert found["old"] == ("ADDED", old)
            later = change(rest, ns, "new", annotations={"query": query})
            assert event(watch) == ("MODIFIED", later)
        remove(rest, ns, "new")
        new = make(rest, ns, "new")


def test_a_watch_begins_behind_the_version_that_it_names(rest: str, ns: str) -> None:
    first = make(rest, ns, "a")
    second = change(rest, ns, "a", labels={"n": "2"})
    third = change(rest, ns, "a", labels={"n": "3"})
    with watching(rest, f"{API}/watch/pods?namespace={ns}&resourceVersion={first['resourceVersion']}") as watch:
        assert event(watch) == ("MODIFIED", second)
        assert event(watch) == ("MODIFIED", third)


def test_a_watch_from_the_future_waits_for_it(rest: str, ns: str) -> None:
    now = make(rest, ns, "a")["resourceVersion"]
    with watching(rest, f"{API}/watch/pods?namespace={ns}&resourceVersion={now + 3}") as watch:
        changed = [change(rest, ns, "a", labels={"n": str(number)}) for number in range(5)]
        assert [event(watch)[1] for _ in range(2)] == changed[3:]


def test_a_list_and_a_watch_from_its_version_lose_nothing(rest: str, ns: str) -> None:
    make(rest, ns, "a")
    listed = ask(rest, "GET", f"{PODS}?namespace={ns}").json
    later = make(rest, ns, "b")
    with watching(rest, f"{API}/watch/pods?namespace={ns}&resourceVersion={listed['resourceVersion']}") as watch:
        assert event(watch) == ("ADDED", later)


def test_a_watch_of_one_tells_of_no_other(rest: str, ns: str) -> None:
    make(rest, ns, "a")
    for path in (f"{API}/watch/pods/b?namespace={ns}", f"{PODS}?namespace={ns}&watch=1&fields=name%3Db"):
        with watching(rest, path) as watch:
            make(rest, f"{ns}-other", "b")
            change(rest, ns, "a", annotations={"path": path})
            made = make(rest, ns, "b")
            assert event(watch) == ("ADDED", made)
            remove(rest, ns, "b")
            assert event(watch)[0] == "DELETED"
        remove(rest, f"{ns}-other", "b")


def test_what_begins_to_match_is_added_and_what_stops_is_deleted_as_it_was(rest: str, ns: str) -> None:
    make(rest, ns, "a", labels={"app": "other"})
    with watching(rest, f"{API}/watch/pods?namespace={ns}&labels=app+in+%28web%29") as watch:
        matching = change(rest, ns, "a", labels={"app": "web"})
        assert event(watch) == ("ADDED", matching)
        other = change(rest, ns, "a", labels={"app": "other"})
        kind, gone = event(watch)
        assert kind == "DELETED"
        assert gone["labels"] == {"app": "web"}
        assert gone["resourceVersion"] in (matching["resourceVersion"], other["resourceVersion"])
        again = change(rest, ns, "a", labels={"app": "web"})
        assert event(watch) == ("ADDED", again)


def test_fields_select_what_is_watched(rest: str, ns: str) -> None:
    bound = {"kind": "Binding", "apiVersion": "v1beta1", "podID": "a", "host": "node-1"}
    path = f"{API}/watch/pods?namespace={ns}&fields=DesiredState.Host%3D"
    with watching(rest, path) as unbound, watching(rest, path + "node-1") as on_node:
        made = make(rest, ns, "a")
        assert event(unbound) == ("ADDED", made)
        assert ask(rest, "POST", f"{API}/bindings?namespace={ns}", bound).status == 201
        kind, gone = event(unbound)
        assert (kind, gone["desiredState"].get("host")) == ("DELETED", None)
        kind, found = event(on_node)
        assert (kind, found["desiredState"]["host"]) == ("ADDED", "node-1")


def test_a_watch_over_all_namespaces_tells_of_each(rest: str, ns: str) -> None:
    now = ask(rest, "GET", PODS).json["resourceVersion"]
    with watching(rest, f"{API}/watch/pods?resourceVersion={now}") as watch:
        for space in (ns, f"{ns}-b"):
            made = make(rest, space, "a")
            assert event(watch) == ("ADDED", made)


@pytest.mark.parametrize(
    ("query", "code", "reason"),
    [
        ("labels=%21%21", 400, "BadRequest"),
        ("fields=a", 400, "BadRequest"),
        ("fields=colour%3Dred", 400, "BadRequest"),
        ("resourceVersion=yesterday", 422, "Invalid"),
    ],
)
def test_a_watch_that_cannot_be_is_refused_before_it_begins(rest: str, query: str, code: int, reason: str) -> None:
    answer = ask(rest, "GET", f"{API}/watch/pods?{query}")
    assert (answer.status, answer.media, answer.json["reason"]) == (code, "application/json", reason)


def test_over_a_websocket_an_event_is_a_text_frame(rest: str, ns: str) -> None:
    made = [make(rest, ns, "a"), make(rest, ns, "b")]
    for path in (f"{API}/watch/pods?namespace={ns}", f"{PODS}?namespace={ns}&watch=true"):
        with connect(f"ws://{rest}{path}", compression=None) as socket:
            frames = [socket.recv(SECONDS), socket.recv(SECONDS)]
            assert frames == [json.dumps({"type": "ADDED", "object": each}, separators=(",", ":")) for each in made]
            later = make(rest, ns, "c")
            assert json.loads(socket.recv(SECONDS)) == {"type": "ADDED", "object": later}
            socket.send("whatever")
            with pytest.raises(ConnectionClosed):
                socket.recv(SECONDS)
        remove(rest, ns, "c")


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"{API}/nothing", 404), (f"{PODS}/a", 405), (PODS, 405), (f"{API}/watch/pods?labels=%21%21", 400)],
)
def test_a_websocket_that_cannot_be_is_refused_with_its_status(rest: str, path: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://{rest}{path}"):
        pass
    assert refused.value.response.status_code == status


def test_a_watch_ends_with_its_connection(pair: Pair, ns: str) -> None:
    rest = pair.address

    def gauge() -> float:
        lines = ask(rest, "GET", "/metrics").body.decode().splitlines()
        return sum(float(line.split()[1]) for line in lines if line.startswith("peapod_http_watches{"))

    before = gauge()
    make(rest, ns, "a")
    path = f"{API}/watch/pods?namespace={ns}"
    with connect(f"ws://{rest}{path}") as socket, watching(rest, path) as watch:
        assert event(watch)[0] == "ADDED"
        assert socket.recv(SECONDS)
        assert gauge() == before + 2
    # The server hears of the end of each connection in its own time, and tells of it by this count alone.
    assert any(gauge() == before for _ in range(1000))


def test_however_many_watch_there_is_one_watch_upstream(pair: Pair, ns: str) -> None:
    rest = pair.address

    def upstream() -> dict[str, float]:
        lines = ask(pair.metrics, "GET", "/metrics").body.decode().splitlines()
        found = [line.rpartition(" ") for line in lines if line.startswith("peapod_rpc_streams{")]
        return {name: float(value) for name, _, value in found}

    before = upstream()
    assert sum("Pod" in name and value == 1 for name, value in before.items()) == 1
    make(rest, ns, "a")
    paths = [f"{API}/watch/pods?namespace={ns}&labels=a+notin+%28{number}%29" for number in range(20)]
    for path in paths:
        with watching(rest, path) as one, watching(rest, path) as other:
            assert event(one) == event(other)
            assert upstream() == before
