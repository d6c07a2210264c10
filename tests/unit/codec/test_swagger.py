"""The documents of Swagger hold: what is written is in their models, and what they name is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peapod.codec.engine.table import Table
from peapod.codec.swagger import Served, declaration, listing
from peapod.codec.swagger_models import list_of
from peapod.codec.version import Version
from peapod.codec.versions import VERSIONS
from peapod.common import kinds
from tests.support.documents import FORMS

GOLDEN = Path(__file__).parents[2] / "conformance" / "codecs"
WRITTEN = sorted(GOLDEN.glob("*/*.written.json"))
EACH = pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)

SERVED = [Served(kind) for kind in kinds.KINDS if kind not in (kinds.POD, kinds.NODE)] + [
    Served(kinds.POD, parts=("status",), relayed=True),
    Served(kinds.NODE, also="nodes"),
]

TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "boolean": bool, "array": list}
PRIMITIVES = {*TYPES, "any", "void"}


def declared(version: Version) -> dict[str, Any]:
    return declaration(version, "http://127.0.0.1:8080", SERVED)


def wrong(value: Any, said: dict[str, Any], models: dict[str, Any], place: str) -> Iterator[str]:
    """Find what a client that validates would complain of; null stands for nothing of any type."""
    if value is None:
        return
    if "$ref" in said:
        if not isinstance(value, dict):
            yield f"{place} is no object"
            return
        properties = models[said["$ref"]]["properties"]
        for key, inner in value.items():
            if key in properties:
                yield from wrong(inner, properties[key], models, f"{place}.{key}")
            else:
                yield f"{place}.{key} is not there"
    elif said["type"] != "any":
        fits = isinstance(value, TYPES[said["type"]]) and isinstance(value, bool) == (said["type"] == "boolean")
        if not fits:
            yield f"{place} is no {said['type']}"
        for index, item in enumerate(value if said["type"] == "array" and fits else ()):
            yield from wrong(item, said["items"], models, f"{place}[{index}]")


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_all_that_is_written_is_in_the_models(path: Path) -> None:
    document, version = json.loads(path.read_text()), VERSIONS[path.parent.name]
    said = {"$ref": f"{version.name}.{document['kind']}"}
    assert [*wrong(document, said, declared(version)["models"], "")] == []


def test_a_key_that_is_not_there_or_of_another_type_is_found() -> None:
    models = declared(VERSIONS["v1beta1"])["models"]
    document = {
        "id": 7,
        "labels": {"a": "b"},
        "metadata": {},
        "desiredState": {"manifest": {"containers": [{"cpu": "1"}]}},
    }
    assert [*wrong(document, {"$ref": "v1beta1.Pod"}, models, "")] == [
        ".id is no string",
        ".metadata is not there",
        ".desiredState.manifest.containers[0].cpu is no integer",
    ]


@EACH
def test_lists_are_in_the_models(version: Version) -> None:
    models = declared(version)["models"]
    for form in version.kinds.values():
        if form.stored:
            document = version.encode_list(form.message, [form.message()], 7)
            assert [*wrong(document, {"$ref": f"{version.name}.{document['kind']}"}, models, "")] == []


@EACH
def test_a_status_is_in_the_models(version: Version) -> None:
    details = {version.id_key: "p", "kind": "pods", "causes": [{"field": "id"}], "retryAfterSeconds": 1}
    document = version.status_head() | {
        "status": "Failure",
        "message": "m",
        "reason": "r",
        "details": details,
        "code": 4,
    }
    assert [*wrong(document, {"$ref": f"{version.name}.Status"}, declared(version)["models"], "")] == []


@EACH
def test_every_model_that_is_named_is_there(version: Version) -> None:
    document = declared(version)
    named = {name for name in _named(document) if name not in PRIMITIVES}
    assert named <= set(document["models"])
    assert all(model["id"] == name for name, model in document["models"].items())


@EACH
def test_what_is_required_is_there(version: Version) -> None:
    for model in declared(version)["models"].values():
        assert set(model.get("required", [])) <= set(model["properties"])


@pytest.mark.parametrize(
    ("model", "required"),
    [
        ("v1beta1.Container", ["name", "image"]),
        ("v1beta1.ContainerManifest", ["containers"]),
        ("v1beta1.ReplicationControllerDesiredState", ["replicaSelector", "podTemplate"]),
        ("v1beta1.Service", ["port"]),
        ("v1beta1.Binding", ["podID", "host"]),
        ("v1beta3.NFSVolumeSource", ["server", "path"]),
        ("v1beta3.VolumeMount", ["name", "mountPath"]),
    ],
)
def test_the_rules_say_what_is_required(model: str, required: list[str]) -> None:
    assert declared(VERSIONS[model.partition(".")[0]])["models"][model]["required"] == required


@EACH
def test_a_name_means_one_table(version: Version) -> None:
    """Else one of two models would be told for both."""
    seen: dict[str, list[str]] = {}
    for form in version.kinds.values():
        for table in _tables([form.table, list_of(version, form.table)]):
            names = [field.name for field in table]
            assert seen.setdefault(table.name, names) == names


@EACH
def test_no_two_operations_have_one_name(version: Version) -> None:
    names = [operation["nickname"] for _, operation in _operations(version)]
    assert sorted(names) == sorted(set(names))


@EACH
def test_the_parameters_of_a_path_are_those_that_it_has(version: Version) -> None:
    for path, operation in _operations(version):
        parameters = [each["name"] for each in operation["parameters"] if each["paramType"] == "path"]
        assert sorted(parameters) == sorted(
            word.strip("{}").removesuffix(":*") for word in path.split("/") if "{" in word
        )


@pytest.mark.parametrize(
    ("version", "path", "methods"),
    [
        ("v1beta1", "/api/v1beta1/pods", ["GET", "POST"]),
        ("v1beta1", "/api/v1beta1/pods/{name}", ["GET", "PUT", "PATCH", "DELETE"]),
        ("v1beta1", "/api/v1beta1/pods/{name}/status", ["PUT"]),
        ("v1beta1", "/api/v1beta1/pods/{name}/binding", ["POST"]),
        ("v1beta1", "/api/v1beta1/bindings", ["POST"]),
        ("v1beta1", "/api/v1beta1/nodes/{name}", ["GET", "PUT", "PATCH", "DELETE"]),
        ("v1beta1", "/api/v1beta1/minions", ["GET", "POST"]),
        ("v1beta2", "/api/v1beta2/watch/replicationControllers/{name}", ["GET"]),
        ("v1beta1", "/api/v1beta1/redirect/pods/{name}", ["GET"]),
        ("v1beta3", "/api/v1beta3/pods", ["GET"]),
        ("v1beta3", "/api/v1beta3/namespaces/{namespace}/pods", ["GET", "POST"]),
        ("v1beta3", "/api/v1beta3/namespaces/{namespace}/bindings", ["POST"]),
        ("v1beta3", "/api/v1beta3/nodes/{name}", ["GET", "PUT", "PATCH", "DELETE"]),
        ("v1beta3", "/api/v1beta3/minions", []),
    ],
)
def test_a_path_has_its_methods(version: str, path: str, methods: list[str]) -> None:
    assert [operation["method"] for at, operation in _operations(VERSIONS[version]) if at == path] == methods


@pytest.mark.parametrize(
    ("version", "path", "parameters"),
    [
        ("v1beta1", "/api/v1beta1/pods", ["namespace", "labels", "fields", "watch", "resourceVersion"]),
        ("v1beta1", "/api/v1beta1/minions", ["labels", "fields", "watch", "resourceVersion"]),
        ("v1beta3", "/api/v1beta3/pods", ["labelSelector", "fieldSelector", "watch", "resourceVersion"]),
    ],
)
def test_a_collection_is_selected_by_the_versions_parameters(version: str, path: str, parameters: list[str]) -> None:
    operation = next(operation for at, operation in _operations(VERSIONS[version]) if at == path)
    assert [parameter["name"] for parameter in operation["parameters"]] == parameters


def test_the_listing_names_each_version() -> None:
    assert [api["path"] for api in listing(VERSIONS.values())["apis"]] == [f"/api/{name}" for name in VERSIONS]


def _operations(version: Version) -> Iterator[tuple[str, dict[str, Any]]]:
    for api in declared(version)["apis"]:
        for operation in api["operations"]:
            yield api["path"], operation


def _named(document: Any) -> Iterator[str]:
    """Find all types in a declaration; a property may be called "type" too, and then is no text."""
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        if isinstance(value, dict | list):
            yield from _named(value)
        elif key in ("type", "$ref", "responseModel"):
            yield value


def _tables(waiting: list[Table]) -> Iterator[Table]:
    while waiting:
        table = waiting.pop()
        yield table
        for field in table:
            schema = field.shape.schema
            inner = (schema.items or schema).table
            waiting += [inner] if inner else []


def test_the_forms_of_all_versions_were_tried() -> None:
    assert {path.parent.name for path in WRITTEN} == {version.name for version, _ in FORMS.values()}
