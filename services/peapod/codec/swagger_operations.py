"""What can be done at the paths of a kind, as Swagger 1.2 says it (v1beta1.md, 4.2 to 4.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from peapod.codec.form import Form
from peapod.codec.swagger_models import DELETE_OPTIONS, WATCH_EVENT, identifier
from peapod.codec.version import LIST, Version

Said = dict[str, Any]

_WRONG = (400, 404, 409, 422)


def _parameter(where: str, name: str, description: str, kind: str = "string", *, required: bool = False) -> Said:
    return {
        "paramType": where,
        "name": name,
        "type": kind,
        "description": description,
        "required": required,
        "allowMultiple": False,
    }


@dataclass(frozen=True)
class Operations:
    """Makes the operations of one kind; `title` is what tells their names from those of others."""

    version: Version
    form: Form
    title: str
    anywhere: bool = False
    """Of the objects of all namespaces, though paths of the version name one."""

    def list_all(self) -> Said:
        """Say how to list, or to watch, a collection."""
        watch = _parameter("query", "watch", "follow the changes instead of listing", "boolean")
        parameters = [*self._selection(), watch, self._revision()]
        return self._operation("GET", "list", f"{self.form.name}{LIST}", parameters, wrong=(400,))

    def create(self) -> Said:
        """Say how to create an object."""
        parameters = [self._body(self.form.name), *self._namespace(), self._timeout()]
        return self._operation("POST", "create", self.form.name, parameters, good=201, wrong=(400, 409, 422))

    def read(self) -> Said:
        """Say how to read an object."""
        return self._operation("GET", "read", self.form.name, self._place(), wrong=(400, 404))

    def replace(self) -> Said:
        """Say how to replace an object by another state of it."""
        parameters = [self._body(self.form.name), *self._place(), self._timeout()]
        return self._operation("PUT", "replace", self.form.name, parameters, wrong=_WRONG)

    def replace_part(self, part: str) -> Said:
        """Say how to replace a part of an object."""
        operation = self.replace()
        return operation | {"nickname": f"{operation['nickname']}{part.capitalize()}"}

    def patch(self) -> Said:
        """Say how to change what a patch names."""
        parameters = [self._body("any"), *self._place(), self._timeout()]
        operation = self._operation("PATCH", "patch", self.form.name, parameters, wrong=_WRONG)
        types = ["application/json", "application/merge-patch+json", "application/strategic-merge-patch+json"]
        return operation | {"consumes": types}

    def delete(self) -> Said:
        """Say how to delete an object; some kinds are answered with what was deleted, others with a success."""
        options = self._body(DELETE_OPTIONS.name) | {"required": False}
        parameters = [options, *self._place(), self._timeout()]
        return self._operation("DELETE", "delete", "any", parameters, wrong=(400, 404))

    def watch_all(self) -> Said:
        """Say how to watch a collection."""
        parameters = [*self._selection(), self._revision()]
        return self._operation("GET", "watchAll", WATCH_EVENT.name, parameters, wrong=(400,))

    def watch(self) -> Said:
        """Say how to watch one object."""
        parameters = [*self._place(), self._revision()]
        return self._operation("GET", "watch", WATCH_EVENT.name, parameters, wrong=(400,))

    def redirect(self) -> Said:
        """Say how to be sent to what an object stands for."""
        return self._operation("GET", "redirect", "void", self._place(), good=307, wrong=(404,))

    def proxy(self) -> Iterator[Said]:
        """Say how to speak to what an object stands for."""
        path = _parameter("path", "path", "what to ask it for", required=True)
        for method in ("GET", "PUT", "POST", "DELETE"):
            yield self._operation(method, f"proxy{method}", "any", [*self._place(), path], wrong=(404, 503))

    def bind(self) -> Said:
        """Say how to give a pod its node."""
        parameters = [self._body(self.form.name), *self._namespace(), self._timeout()]
        return self._operation("POST", "create", "Status", parameters, good=201, wrong=_WRONG)

    def bind_named(self) -> Said:
        """Say how to give the pod of the path its node."""
        pod = _parameter("path", "name", "the name of the Pod", required=True)
        parameters = [self._body(self.form.name), *self._namespace(), pod, self._timeout()]
        operation = self._operation("POST", "create", "Status", parameters, good=201, wrong=_WRONG)
        return operation | {"nickname": "createBindingOfPod"}

    def _operation(
        self, method: str, verb: str, answer: str, parameters: Sequence[Said], *, good: int = 200, wrong: Sequence[int]
    ) -> Said:
        kind = self._type(answer)
        codes = [{"code": good, "message": HTTPStatus(good).phrase}]
        if kind not in ("any", "void"):
            codes[0]["responseModel"] = kind
        refusal = self._type("Status")
        codes += [{"code": code, "message": HTTPStatus(code).phrase, "responseModel": refusal} for code in wrong]
        return {
            "method": method,
            "nickname": f"{verb}{self.title}",
            "type": kind,
            "parameters": [*parameters],
            "responseMessages": codes,
        }

    def _type(self, name: str) -> str:
        return name if name in ("any", "void") else identifier(self.version, name)

    def _body(self, name: str) -> Said:
        return _parameter("body", "body", "", self._type(name), required=True)

    def _place(self) -> list[Said]:
        name = _parameter("path", "name", f"the name of the {self.form.name}", required=True)
        return [*self._namespace(), name]

    def _namespace(self) -> list[Said]:
        if not self.form.namespaced or self.anywhere:
            return []
        in_path = self.version.layout.namespace_in_path
        where = "path" if in_path else "query"
        return [_parameter(where, "namespace", "the scope for names", required=in_path)]

    def _selection(self) -> list[Said]:
        layout = self.version.layout
        return [
            *self._namespace(),
            _parameter("query", layout.labels_parameter, "select by labels, such as a=b"),
            _parameter("query", layout.fields_parameter, "select by fields, such as name=a"),
        ]

    def _revision(self) -> Said:
        return _parameter("query", "resourceVersion", "watch what changes after this revision")

    def _timeout(self) -> Said:
        return _parameter("query", "timeout", "give up after a time such as 30s or 4m0s")
