"""The documents of Swagger 1.2 that tell clients what there is: the paths of a version, and its objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from peapod.codec.form import Form
from peapod.codec.swagger_models import models
from peapod.codec.swagger_operations import Operations
from peapod.codec.version import Version
from peapod.common.kinds import POD, Kind

SWAGGER = "1.2"


class Served(NamedTuple):
    """What a server has of one kind, besides what it has of each."""

    kind: Kind
    also: str = ""
    """A second word for it in URLs."""
    parts: tuple[str, ...] = ()
    """Parts of an object that are PUT by themselves."""
    relayed: bool = False
    """Whether calls are passed on to what an object stands for."""


def listing(versions: Iterable[Version]) -> dict[str, Any]:
    """Say of which versions there are declarations; each is found at its path behind that of the listing."""
    apis = [{"path": _root(version), "description": f"API {version.name}"} for version in versions]
    return {"swaggerVersion": SWAGGER, "apiVersion": "", "apis": apis}


def declaration(version: Version, base_path: str, served: Iterable[Served]) -> dict[str, Any]:
    """Describe a version, as it is served at a URL such as "http://127.0.0.1:8080"."""
    return {
        "swaggerVersion": SWAGGER,
        "apiVersion": version.name,
        "basePath": base_path,
        "resourcePath": _root(version),
        "produces": ["application/json"],
        "consumes": ["application/json"],
        "apis": [*_apis(version, served)],
        "models": models(version),
    }


def _root(version: Version) -> str:
    return f"/api/{version.name}"


def _apis(version: Version, served: Iterable[Served]) -> Iterator[dict[str, Any]]:
    for one in served:
        form = version.form_of(one.kind.message)
        for segment in dict.fromkeys(filter(None, (form.resource, one.also))):
            yield from _of_segment(version, form, segment, one)
        if one.kind is POD:
            yield from _bindings(version)


def _of_segment(version: Version, form: Form, segment: str, served: Served) -> Iterator[dict[str, Any]]:
    title = form.name if segment == form.resource else segment.capitalize()
    make = Operations(version, form, title)
    if form.namespaced and version.layout.namespace_in_path:
        everywhere = Operations(version, form, f"{title}InAnyNamespace", anywhere=True)
        yield _api(f"{_root(version)}/{segment}", everywhere.list_all())
        yield _api(f"{_root(version)}/watch/{segment}", everywhere.watch_all())
    within = _within(version, form)
    many, watched = f"{_root(version)}/{within}{segment}", f"{_root(version)}/watch/{within}{segment}"
    one = f"{many}/{{name}}"
    yield _api(many, make.list_all(), make.create())
    yield _api(one, make.read(), make.replace(), make.patch(), make.delete())
    for part in served.parts:
        yield _api(f"{one}/{part}", make.replace_part(part))
    yield _api(watched, make.watch_all())
    yield _api(f"{watched}/{{name}}", make.watch())
    if served.relayed:
        yield _api(f"{_root(version)}/redirect/{within}{segment}/{{name}}", make.redirect())
        yield _api(f"{_root(version)}/proxy/{within}{segment}/{{name}}/{{path:*}}", *make.proxy())


def _bindings(version: Version) -> Iterator[dict[str, Any]]:
    form = version.kinds["Binding"]
    make, within = Operations(version, form, form.name), _within(version, form)
    yield _api(f"{_root(version)}/{within}{form.resource}", make.bind())
    yield _api(f"{_root(version)}/{within}pods/{{name}}/binding", make.bind_named())


def _within(version: Version, form: Form) -> str:
    return "namespaces/{namespace}/" if form.namespaced and version.layout.namespace_in_path else ""


def _api(path: str, *operations: dict[str, Any]) -> dict[str, Any]:
    return {"path": path, "operations": [*operations]}
