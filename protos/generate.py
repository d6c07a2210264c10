"""Generate the Python stubs from the protos: messages, their types, and typed `grpc.aio` clients and servicers.

`python protos/generate.py` writes them into services/peapod/v1; the build hook calls `generate` too.
grpcio-tools' own service stubs are untyped and leak abandoned streams (grpc#43462), so ours are made here.
"""

from __future__ import annotations

import tempfile
from importlib import resources
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)
from grpc_tools import protoc

PROTOS = Path(__file__).parent
TARGET = PROTOS.parent / "services"
SERVICE_FIELD, METHOD_FIELD = 6, 2  # the field numbers by which a comment's path names its place


def generate(protos: Path = PROTOS, target: Path = TARGET) -> None:
    """Write all stubs below `target`; raise RuntimeError when protoc refuses a proto."""
    files = sorted(str(path.relative_to(protos)) for path in protos.glob("peapod/v1/*.proto"))
    for file in _compile(protos, target, files).file:
        if file.service:
            path = target / file.name.replace(".proto", "_rpc.py")
            path.write_text("\n".join(_module(file)))


def _compile(protos: Path, target: Path, files: list[str]) -> FileDescriptorSet:
    well_known = str(resources.files("grpc_tools") / "_proto")
    with tempfile.TemporaryDirectory() as scratch:
        descriptors = Path(scratch) / "set"
        arguments = [f"-I{protos}", f"-I{well_known}", f"--python_out={target}", f"--pyi_out={target}"]
        arguments += [f"--descriptor_set_out={descriptors}", "--include_source_info"]
        if protoc.main(["protoc", *arguments, *files]) != 0:
            raise RuntimeError("protoc refused the protos; its words are above")
        return FileDescriptorSet.FromString(descriptors.read_bytes())


def _module(file: FileDescriptorProto) -> list[str]:
    module = Path(file.name).stem + "_pb2"
    lines = [
        f'"""Typed clients and servicers of {file.name}; generated, do not edit."""',
        "",
        "from __future__ import annotations",
        "",
        "from abc import ABC, abstractmethod",
        "from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator",
        "",
        "import grpc.aio",
        "",
        "from peapod.common.rpc import (",
        "    Client,",
        "    Guard,",
        "    MessageStream,",
        "    SyncClient,",
        "    duplex_handler,",
        "    stream_handler,",
        "    unary_handler,",
        ")",
        f"from peapod.v1 import {module} as pb",
        "",
        f"DESCRIPTOR = pb.DESCRIPTOR.services_by_name[{file.service[0].name!r}]",
        "",
    ]
    for index, service in enumerate(file.service):
        notes = _comments(file, index)
        for part in (_client, _sync_client, _servicer, _handlers):
            lines += ["", *part(service, notes, f"{file.package}.{service.name}"), ""]
    return lines


def _comments(file: FileDescriptorProto, service: int) -> dict[str, str]:
    """Read each method's comment, and the service's own under the empty name."""
    notes = {}
    for location in file.source_code_info.location:
        path, text = list(location.path), location.leading_comments.strip().replace("\\", "")
        if path == [SERVICE_FIELD, service]:
            notes[""] = text
        elif path[:3] == [SERVICE_FIELD, service, METHOD_FIELD] and len(path) == 4:
            notes[file.service[service].method[path[3]].name] = text
    return notes


def _client(service: ServiceDescriptorProto, notes: dict[str, str], name: str) -> list[str]:
    lines = [f"class {service.name}Client(Client):", *_doc(notes.get(""), 4), ""]
    for method in service.method:
        argument, request = _argument(method, "AsyncIterable")
        _, answer = _types(method)
        keyword, wait, returns = (
            ("def", "", f"MessageStream[{answer}]") if method.server_streaming else ("async def", "await ", answer)
        )
        lines += [
            f"    {keyword} {_snake(method.name)}(self, {argument}, *, timeout: float | None = None) -> {returns}:"
        ]
        lines += [*_doc(notes.get(method.name), 8)]
        lines += [
            f'        return {wait}self._{_shape(method)}("/{name}/{method.name}", {request}, {answer}, timeout)',
            "",
        ]
    return lines[:-1]


def _sync_client(service: ServiceDescriptorProto, notes: dict[str, str], name: str) -> list[str]:
    lines = [f"class {service.name}SyncClient(SyncClient):", *_doc(notes.get(""), 4), ""]
    for method in service.method:
        argument, request = _argument(method, "Iterable")
        _, answer = _types(method)
        returns = f"Iterator[{answer}]" if method.server_streaming else answer
        lines += [f"    def {_snake(method.name)}(self, {argument}, *, timeout: float | None = None) -> {returns}:"]
        lines += [*_doc(notes.get(method.name), 8)]
        lines += [f'        return self._{_shape(method)}("/{name}/{method.name}", {request}, {answer}, timeout)', ""]
    return lines[:-1]


def _servicer(service: ServiceDescriptorProto, notes: dict[str, str], _name: str) -> list[str]:
    lines = [f"class {service.name}Servicer(ABC):", *_doc(notes.get(""), 4), ""]
    for method in service.method:
        request, answer = _types(method)
        context = f"context: grpc.aio.ServicerContext[{request}, {answer}]"
        arguments = f"self, {_argument(method, 'AsyncIterator')[0]}, {context}"
        returns = f"AsyncIterator[{answer} | bytes]" if method.server_streaming else f"{answer} | bytes"
        keyword = "def" if method.server_streaming else "async def"
        lines += ["    @abstractmethod", f"    {keyword} {_snake(method.name)}({arguments}) -> {returns}:"]
        lines += [*_doc(notes.get(method.name), 8), ""]
    return lines[:-1]


def _handlers(service: ServiceDescriptorProto, _notes: dict[str, str], name: str) -> list[str]:
    function = f"{_snake(service.name)}_handler"
    lines = [f"def {function}(servicer: {service.name}Servicer, guard: Guard) -> grpc.GenericRpcHandler:"]
    lines += [f'    """Serve `servicer` as {name}, each call under `guard`."""']
    lines += ["    return grpc.method_handlers_generic_handler(", f'        "{name}",', "        {"]
    for method in service.method:
        request, _ = _types(method)
        call = f'guard("/{name}/{method.name}", servicer.{_snake(method.name)})'
        lines += [f'            "{method.name}": {_shape(method)}_handler({call}, {request}),']
    return [*lines, "        },", "    )"]


def _shape(method: MethodDescriptorProto) -> str:
    """Name the method's shape as common.rpc does; requests without a stream of answers have none there."""
    if method.client_streaming and not method.server_streaming:
        raise RuntimeError(f"{method.name}: a stream of requests with a single answer is not generated")
    return "duplex" if method.client_streaming else "stream" if method.server_streaming else "unary"


def _argument(method: MethodDescriptorProto, many: str) -> tuple[str, str]:
    """Return what a function of the method takes, with its type, and the argument's name alone."""
    request, _ = _types(method)
    return (
        (f"requests: {many}[{request}]", "requests") if method.client_streaming else (f"request: {request}", "request")
    )


def _types(method: MethodDescriptorProto) -> tuple[str, str]:
    request, answer = (f"pb.{name.rsplit('.', 1)[1]}" for name in (method.input_type, method.output_type))
    return request, answer


def _doc(text: str | None, indent: int) -> list[str]:
    lines = [line.strip() for line in (text or "Undocumented.").splitlines()]
    margin = " " * indent
    if len(lines) == 1:
        return [f'{margin}"""{lines[0]}"""']
    return [f'{margin}"""{lines[0]}', *(f"{margin}{line}" for line in lines[1:]), f'{margin}"""']


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


if __name__ == "__main__":
    generate()
