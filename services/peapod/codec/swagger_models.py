"""The models of Swagger 1.2: what every object of a version has, out of the tables that read and write it.

Maps, and what is written as text or as a number, have the type "any". Of these 2015's own documents said the type of
the language that the server was written in, and no client could validate an object that had labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from peapod.codec.engine.many import Objects
from peapod.codec.engine.scalars import INT32, INT64, TEXT
from peapod.codec.engine.shapes import ANY, Constant, Object
from peapod.codec.engine.table import Field, Schema, Table
from peapod.codec.version import LIST, Version

Models = dict[str, dict[str, Any]]


def _said(name: str, schema: Schema) -> Field:
    return Field(name, "", Constant(written=schema))


CAUSE = Table("StatusCause", *(_said(name, TEXT.schema) for name in ("reason", "message", "field")))

DELETE_OPTIONS = Table(
    "DeleteOptions",
    _said("kind", TEXT.schema),
    _said("apiVersion", TEXT.schema),
    _said("gracePeriodSeconds", INT64.schema),
)

WATCH_EVENT = Table("WatchEvent", _said("type", TEXT.schema), _said("object", ANY))


def status(version: Version) -> Table:
    """Make the table of what is answered when nothing was asked for, or nothing could be given."""
    details = Table(
        "StatusDetails",
        _said(version.id_key, TEXT.schema),
        _said("kind", TEXT.schema),
        _said("causes", Objects(CAUSE).schema),
        _said("retryAfterSeconds", INT32.schema),
    )
    return Table(
        "Status",
        *version.layout.list_fields,
        *(_said(name, TEXT.schema) for name in ("status", "message", "reason")),
        _said("details", Object(details).schema),
        _said("code", INT32.schema),
    )


def list_of(version: Version, table: Table) -> Table:
    """Make the table of a collection of objects."""
    fields = [_said(key, Objects(table).schema) for key in version.layout.item_keys(table.name)]
    return Table(f"{table.name}{LIST}", *version.layout.list_fields, *fields)


def models(version: Version) -> Models:
    """Describe all that a version reads and writes."""
    tables = [form.table for form in version.kinds.values()]
    lists = [list_of(version, form.table) for form in version.kinds.values() if form.stored]
    found = _reached([*tables, *lists, status(version), DELETE_OPTIONS, WATCH_EVENT])
    return {identifier(version, name): _model(version, table) for name, table in found.items()}


def identifier(version: Version, name: str) -> str:
    """Say what the documents call a model."""
    return f"{version.name}.{name}"


def _reached(tables: Iterable[Table]) -> Mapping[str, Table]:
    """Find the tables, and all inside of them, by name."""
    found: dict[str, Table] = {}
    waiting = [*tables]
    while waiting:
        table = waiting.pop()
        if table.name not in found:
            found[table.name] = table
            waiting += _inside(table)
    return dict(sorted(found.items()))


def _inside(table: Table) -> Iterator[Table]:
    for field in table:
        schema = field.shape.schema
        inner = (schema.items or schema).table
        if inner is not None:
            yield inner


def _model(version: Version, table: Table) -> dict[str, Any]:
    properties = {name: _type(version, field.shape.schema) for field in table for name in _names(field)}
    required = [field.name for field in table if field.required]
    model: dict[str, Any] = {"id": identifier(version, table.name), "properties": properties}
    return model | ({"required": required} if required else {})


def _names(field: Field) -> Iterator[str]:
    yield field.name
    if field.twin:
        yield field.twin


def _type(version: Version, schema: Schema) -> dict[str, Any]:
    if schema.table is not None:
        return {"$ref": identifier(version, schema.table.name)}
    said = {"type": schema.type}
    if schema.format:
        said["format"] = schema.format
    return said | ({"items": _type(version, schema.items)} if schema.items else {})
