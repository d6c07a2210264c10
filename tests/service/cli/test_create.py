"""`peapod create`: what is stored, what is printed, and that of a wrong file nothing is stored."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from peapod.v1 import pod_pb2, pod_service_pb2
from tests.service.cli.conftest import PODTEST, Outcome, Run, run
from tests.support.apiserver import Api

GOLDEN = Path(__file__).parents[2] / "conformance" / "codecs" / "v1beta1" / "podtest.txtpb"


def pod(name: str, *containers: str, **top: Any) -> dict[str, Any]:
    manifest = {"version": "v1beta2", "containers": [{"name": each, "image": "i"} for each in containers or ("c",)]}
    return {"kind": "Pod", "apiVersion": "v1beta1", "id": name, "desiredState": {"manifest": manifest}} | top


async def stored(api: Api) -> list[str]:
    pods = (await api.pods.list_pods(pod_service_pb2.ListPodsRequest())).items
    return [f"{item.metadata.namespace}/{item.metadata.name}" for item in pods]


async def test_the_chapters_file_is_stored_and_its_name_printed(peapod: Run, api: Api) -> None:
    assert await peapod("create", "-f", str(PODTEST)) == Outcome(0, "podtest\n", "")
    request = pod_service_pb2.GetPodRequest(namespace="default", name="podtest")
    found = (await api.pods.get_pod(request)).pod
    expected = text_format.Parse(GOLDEN.read_text(), pod_pb2.Pod())
    assert found.metadata.labels == expected.metadata.labels
    assert [item.image for item in found.spec.containers] == [item.image for item in expected.spec.containers]
    assert [item.ports[0].host_port for item in found.spec.containers] == [6388, 8888]
    assert found.spec.manifest_id == "redis-sshd"


async def test_files_directories_and_standard_input_with_any_number_of_documents(
    peapod: Run, api: Api, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "1.json").write_text(json.dumps(pod("a")) + "\n" + json.dumps(pod("b")))
    (folder / "2.yml").write_text(f"# YAML\n---\n{json.dumps(pod('c'))}\n---\n{json.dumps(pod('d'))}\n")
    (folder / "ignored.txt").write_text("not for us")
    listed = {"kind": "PodList", "apiVersion": "v1beta1", "items": [pod("e", kind=None, apiVersion=None)]}
    listed["items"][0] = {key: value for key, value in listed["items"][0].items() if value}  # type: ignore[index]
    mixed = {"kind": "List", "apiVersion": "v1beta1", "items": [{**pod("f"), "namespace": "default"}, listed]}
    outcome = await peapod("create", "-f", str(folder), "-f", "-", stdin=json.dumps(mixed))
    assert outcome == Outcome(0, "a\nb\nc\nd\nf\ne\n", "")
    assert await stored(api) == [f"default/{name}" for name in "abcdef"]


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ('{"kind": "Pod",', ["error: standard input: line 1 column 16: expecting property name enclosed in"]),
        (json.dumps(pod("p") | {"kind": "Pdo"}), ["error: standard input: kind: must be one of Pod, Repl"]),
        (
            json.dumps({"kind": "Binding", "apiVersion": "v1beta1"}),
            ["error: standard input: kind: Binding cannot be declared by itself"],
        ),
        (
            json.dumps({"kind": "Pod", "apiVersion": "v1beta1", "id": "p"}),
            ["error: standard input: desiredState.manifest.containers: is required"],
        ),
        (
            json.dumps(pod("p", "c", "c")),
            ["error: standard input: desiredState.manifest.containers[1].name: another container is named 'c'"],
        ),
        (json.dumps(pod("p", labels={"a": "-x"})), ["error: standard input: labels"]),
        (
            json.dumps(pod("P_", "c", "D", labels={"A_": "x"}, nodeSelector={"B_": "y"})),
            [
                "error: standard input: id: ",
                "error: standard input: labels",
                "error: standard input: desiredState.manifest.containers[1].name: ",
                "error: standard input: nodeSelector",
            ],
        ),
        (
            json.dumps(pod("p", labels={"a": 1}, resourceVersion="x")),
            ["error: standard input: resourceVersion: must be", "error: standard input: labels[a]: must be text"],
        ),
        (json.dumps(pod("p", lables={})), ["error: standard input: lables: unknown field"]),
        ("[]", ["error: standard input: must be an object, not a list"]),
        ("", ["error: standard input: there is no object in it"]),
        ("a: 1\nb", ["error: standard input: line 2 column 2: could not find expected ':'"]),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_wrong_input_is_one_line_for_each_wrong_field(
    peapod: Run, api: Api, text: str, errors: list[str]
) -> None:
    outcome = await peapod("create", "-f", "-", stdin=text)
    assert (outcome.status, outcome.out) == (1, "")
    assert [line[: len(start)] for line, start in zip(outcome.errors, errors, strict=True)] == errors
    assert await stored(api) == []


async def test_of_a_file_with_one_wrong_object_nothing_is_stored_and_other_files_go_on(
    peapod: Run, api: Api, tmp_path: Path
) -> None:
    (tmp_path / "1.json").write_text(json.dumps(pod("good")) + json.dumps(pod("bad", "c", "c")))
    (tmp_path / "2.json").write_text(json.dumps(pod("other")))
    (tmp_path / "3.json").write_text(json.dumps(pod("fine")) + json.dumps(pod("worse") | {"lables": {}}))
    names = [str(tmp_path / f"{number}.json") for number in (1, 2, 3, 4)]
    outcome = await peapod("create", *[word for name in names for word in ("-f", name)])
    assert (outcome.status, outcome.out) == (1, "other\n")
    assert outcome.errors == [
        f"error: {names[0]}: document 2: desiredState.manifest.containers[1].name: another container is named 'c'",
        f"error: {names[2]}: document 2: lables: unknown field",
        f"error: {names[3]}: no such file or directory",
    ]
    assert await stored(api) == ["default/other"]


async def test_the_place_inside_a_list_is_said(peapod: Run) -> None:
    document = {"kind": "List", "apiVersion": "v1beta1", "items": [pod("a"), pod("b", "c", "c")]}
    outcome = await peapod("create", "-f", "-", stdin=json.dumps(document))
    place = "items[1].desiredState.manifest.containers[1].name"
    assert outcome.errors == [f"error: standard input: {place}: another container is named 'c'"]


async def test_an_unknown_field_is_only_warned_of_when_told_so(peapod: Run, api: Api) -> None:
    text = json.dumps(pod("p") | {"lables": {}})
    outcome = await peapod("create", "--validate=false", "-f", "-", stdin=text)
    assert outcome == Outcome(0, "p\n", "warning: standard input: lables: unknown field\n")
    assert await stored(api) == ["default/p"]


async def test_what_is_there_already_is_said_and_the_rest_created(peapod: Run, api: Api) -> None:
    assert (await peapod("create", "-f", "-", stdin=json.dumps(pod("a")))).status == 0
    outcome = await peapod("create", "-f", "-", stdin=json.dumps(pod("a")) + json.dumps(pod("b")))
    assert outcome == Outcome(1, "b\n", 'error: standard input: document 1: Pod "a" already exists\n')
    assert await stored(api) == ["default/a", "default/b"]


async def test_the_namespace_is_the_files_or_the_flags(peapod: Run, api: Api) -> None:
    space = {"kind": "Namespace", "apiVersion": "v1beta1", "id": "shop"}
    text = "".join(map(json.dumps, [space, pod("a"), pod("b", namespace="shop")]))
    outcome = await peapod("--namespace", "shop", "create", "-f", "-", stdin=text)
    assert outcome == Outcome(0, "shop\na\nb\n", "")
    assert await stored(api) == ["shop/a", "shop/b"]
    outcome = await peapod("create", "--namespace=shop", "-f", "-", stdin=json.dumps(pod("c", namespace="other")))
    assert outcome.errors == ['error: standard input: namespace: is "other", but --namespace says "shop"']


async def test_a_server_that_is_away_is_said_once() -> None:
    outcome = await run("127.0.0.1:1", "create", "-f", str(PODTEST), "-f", str(PODTEST))
    assert outcome == Outcome(1, "", "error: the server at 127.0.0.1:1 cannot be reached: Connection refused\n")


async def test_what_is_mistyped_and_what_breaks_a_rule_is_told_at_once(peapod: Run, api: Api) -> None:
    wrong = pod("Upper", "c", "net")
    containers = wrong["desiredState"]["manifest"]["containers"]
    containers[0] |= {"image": 7, "ports": [{"hostPort": "x"}], "volumeMounts": [{"name": "none", "mountPath": "/a"}]}
    listed = {"kind": "List", "apiVersion": "v1beta1", "items": [pod("right"), wrong, pod("Only-A-Rule")]}
    outcome = await peapod("create", "-f", "-", stdin=json.dumps(listed))
    assert [line.split(": ")[2] for line in outcome.errors] == [
        "items[1].desiredState.manifest.containers[0].image",
        "items[1].desiredState.manifest.containers[0].ports[0].hostPort",
        "items[1].id",
        "items[1].desiredState.manifest.containers[0].ports[0].containerPort",
        "items[1].desiredState.manifest.containers[0].volumeMounts[0].name",
        "items[1].desiredState.manifest.containers[1].name",
    ]
    assert await stored(api) == []


async def answering(answer: bytes) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def test_a_file_may_be_elsewhere(peapod: Run) -> None:
    body = json.dumps(pod("far")).encode()
    there = await answering(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    gone = await answering(b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n")
    urls = ["http://{}:{}/web.yaml".format(*server.sockets[0].getsockname()) for server in (gone, there)]
    away = "http://127.0.0.1:1/web.yaml"
    outcome = await peapod("create", "-f", away, "-f", urls[0], "-f", urls[1])
    for server in (there, gone):
        server.close()
    assert outcome == Outcome(
        1, "far\n", f"error: {away} cannot be reached: connection refused\nerror: {urls[0]} answers 410 Gone\n"
    )
