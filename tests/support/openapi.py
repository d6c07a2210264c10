"""The gateway's own schema, which is Swagger 1.2, in the form that today's tools read."""

from __future__ import annotations

from typing import Any

_ANY: dict[str, Any] = {}


def from_swagger(declaration: dict[str, Any]) -> dict[str, Any]:
    """Turn a declaration into an OpenAPI 3 document, without the paths of proxies: what is behind them is not ours."""
    paths: dict[str, Any] = {}
    for api in declaration["apis"]:
        if "/proxy/" not in api["path"] and "/redirect/" not in api["path"]:
            paths[api["path"]] = {op["method"].lower(): _operation(op, api["path"]) for op in api["operations"]}
    models = {name: _model(model) for name, model in declaration["models"].items()}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Peapod", "version": declaration["apiVersion"]},
        "servers": [{"url": declaration["basePath"]}],
        "paths": paths,
        "components": {"schemas": models},
    }


def _operation(operation: dict[str, Any], path: str) -> dict[str, Any]:
    body = [one for one in operation["parameters"] if one["paramType"] == "body"]
    made: dict[str, Any] = {
        "operationId": f"{operation['nickname']}{path}",
        "parameters": [_parameter(one) for one in operation["parameters"] if one["paramType"] != "body"],
        "responses": {str(one["code"]): {"description": one["message"]} for one in operation["responseMessages"]},
    }
    if body:
        content = {"application/json": {"schema": _typed(body[0])}}
        made["requestBody"] = {"required": body[0]["required"], "content": content}
    return made


def _parameter(one: dict[str, Any]) -> dict[str, Any]:
    return {"name": one["name"], "in": one["paramType"], "required": one["required"], "schema": _typed(one)}


def _model(model: dict[str, Any]) -> dict[str, Any]:
    properties = {name: _typed(one) for name, one in model["properties"].items()}
    return {"type": "object", "properties": properties, "required": model.get("required", [])}


def _typed(one: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in one:
        return _reference(one["$ref"])
    kind = one["type"]
    if kind == "array":
        return {"type": "array", "items": _typed(one["items"])}
    if kind in ("string", "integer", "number", "boolean"):
        return {"type": kind} | ({"format": one["format"]} if "format" in one else {})
    return dict(_ANY) if kind == "any" else _reference(kind)


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
