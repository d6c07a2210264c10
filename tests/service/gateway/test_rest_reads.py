"""Reads over HTTP beside writers: a client sees what it wrote, and a list with a watch behind it is the truth."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from peapod.v1.pod_service_pb2 import CreatePodRequest
from tests.support.apiserver import connected
from tests.support.gateway import Pair
from tests.support.objects import make_pod
from tests.support.raw_http import ask, watching
from tests.support.rest_documents import pod

API = "/api/v1beta1"
PODS = f"{API}/pods"
WRITERS = 16


def test_sixteen_writers_each_read_what_they_wrote(rest: str, ns: str) -> None:
    def write(writer: int) -> None:
        for number in range(15):
            name = f"pod-{writer}-{number}"
            made = ask(rest, "POST", f"{PODS}?namespace={ns}", pod(name, labels={"writer": str(writer)}))
            assert made.status == 201, made.body
            path = f"{PODS}/{name}?namespace={ns}"
            assert ask(rest, "GET", path).body == made.body
            own = ask(rest, "GET", f"{PODS}?namespace={ns}&labels=writer%3D{writer}").json
            assert [item["id"] for item in own["items"]].count(name) == 1
            assert own["resourceVersion"] >= made.json["resourceVersion"]
            changed = ask(rest, "PATCH", path, {"labels": {"n": str(number)}})
            assert ask(rest, "GET", path).body == changed.body
            if number % 2:
                assert ask(rest, "DELETE", path).status == 200
                assert ask(rest, "GET", path).status == 404
                own = ask(rest, "GET", f"{PODS}?namespace={ns}&labels=writer%3D{writer}").json
                assert name not in [item["id"] for item in own["items"]]

    with ThreadPoolExecutor(WRITERS) as pool:
        for written in [pool.submit(write, writer) for writer in range(WRITERS)]:
            written.result()
    assert len(ask(rest, "GET", f"{PODS}?namespace={ns}").json["items"]) == WRITERS * 8


def test_of_writers_that_contend_each_patch_lands(rest: str, ns: str) -> None:
    path = f"{PODS}/a?namespace={ns}"
    assert ask(rest, "POST", f"{PODS}?namespace={ns}", pod("a")).status == 201

    def write(writer: int) -> int:
        return ask(rest, "PATCH", path, {"labels": {f"writer-{writer}": "x"}}).status

    with ThreadPoolExecutor(WRITERS) as pool:
        assert set(pool.map(write, range(WRITERS))) == {200}
    assert len(ask(rest, "GET", path).json["labels"]) == WRITERS


async def test_a_fresh_read_sees_what_was_written_elsewhere_a_moment_before(pair: Pair, ns: str) -> None:
    fresh = {"Cache-Control": "no-cache"}
    async with connected(pair.apiserver.address) as elsewhere:
        for number in range(30):
            name = f"pod-{number}"
            await elsewhere.pods.create_pod(CreatePodRequest(pod=make_pod(name, namespace=ns)))
            one = await asyncio.to_thread(ask, pair.address, "GET", f"{PODS}/{name}?namespace={ns}", None, fresh)
            assert one.status == 200
            many = await asyncio.to_thread(ask, pair.address, "GET", f"{PODS}?namespace={ns}", None, fresh)
            assert [item["id"] for item in many.json["items"]].count(name) == 1


def test_a_list_and_the_watch_behind_it_are_the_truth_while_writers_go_on(rest: str, ns: str) -> None:
    """Each follower lists at a moment of its own and applies what it is told; all end with what there is."""
    stop = threading.Event()

    def write(writer: int) -> None:
        draw = random.Random(writer)
        names = [f"pod-{writer}-{number}" for number in range(5)]
        while not stop.is_set():
            name = draw.choice(names)
            path = f"{PODS}/{name}?namespace={ns}"
            if draw.random() < 0.4:
                ask(rest, "POST", f"{PODS}?namespace={ns}", pod(name))
            elif draw.random() < 0.5:
                ask(rest, "PATCH", path, {"labels": {"n": str(draw.randrange(1000))}})
            else:
                ask(rest, "DELETE", path)

    def follow() -> dict[str, Any]:
        listed = ask(rest, "GET", f"{PODS}?namespace={ns}").json
        known = {item["id"]: item["resourceVersion"] for item in listed["items"]}
        last = listed["resourceVersion"]
        with watching(rest, f"{API}/watch/pods?namespace={ns}&resourceVersion={last}") as watch:
            while "end" not in known:
                change = json.loads(watch.readline())
                found = change["object"]
                assert found["resourceVersion"] > last
                last = found["resourceVersion"]
                if change["type"] == "DELETED":
                    del known[found["id"]]
                else:
                    assert (found["id"] in known) == (change["type"] == "MODIFIED")
                    known[found["id"]] = found["resourceVersion"]
        return known

    with ThreadPoolExecutor(20) as pool:
        writers = [pool.submit(write, writer) for writer in range(6)]
        followers = []
        for _ in range(10):
            for _ in range(10):
                ask(rest, "GET", f"{PODS}?namespace={ns}&labels=n")
            followers.append(pool.submit(follow))
        stop.set()
        for writer in writers:
            writer.result()
        assert ask(rest, "POST", f"{PODS}?namespace={ns}", pod("end")).status == 201
        truth = {
            item["id"]: item["resourceVersion"] for item in ask(rest, "GET", f"{PODS}?namespace={ns}").json["items"]
        }
        for follower in followers:
            assert follower.result() == truth


def test_a_list_that_is_asked_again_is_the_same_until_something_changes(rest: str, ns: str) -> None:
    assert ask(rest, "POST", f"{PODS}?namespace={ns}", pod("a")).status == 201
    path = f"{PODS}?namespace={ns}"
    bodies = [ask(rest, "GET", path).body for _ in range(4)]
    assert len(set(bodies)) == 1
    assert ask(rest, "POST", f"{PODS}?namespace={ns}", pod("b")).status == 201
    assert [item["id"] for item in ask(rest, "GET", path).json["items"]] == ["a", "b"]
    for version in ("v1beta2", "v1beta3"):
        other = ask(rest, "GET", f"/api/{version}/pods?namespace={ns}").json
        assert (other["apiVersion"], len(other["items"])) == (version, 2)
