"""Reads: from the gateway's own copies, joined from JSON that was made once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson

from peapod.common import fields
from peapod.common.errors import Invalid, NotFound, Violation
from peapod.common.fields import FieldTerm
from peapod.common.watching.selection import Selection
from peapod.gateway.answers import Answer, LongAnswer, Stretch
from peapod.gateway.copies import Copies, Copy
from peapod.gateway.item import INDENT, Item, dumps
from peapod.gateway.request import Request

_MARK = "\0items"
_MARKED = orjson.dumps(_MARK)
_BREATH = 200
"""Items that are encoded before others are let through."""


class Reads:
    """GET of one object, and of many."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies

    async def get(self, request: Request) -> Answer:
        """Answer with one object. Raises `NotFound`."""
        copy = await self._ready(request)
        target = request.target
        item = copy.cache.get(target.resource.key(request.namespace(), target.name))
        if item is None:
            raise NotFound(f'{target.resource.noun} "{target.name}" not found')
        return Answer(200, item.pretty(request.view))

    async def list(self, request: Request) -> LongAnswer:
        """Answer with all that match, as of one revision. Raises `Invalid`."""
        copy = await self._ready(request)
        selection = selection_of(request)
        place = (request.view, request.path, selection.identity)
        if (known := copy.lists.get(place, copy.cache.latest)) is not None:
            return LongAnswer([Stretch(known)])
        found, revision, latest = list(copy.cache.select(selection)), copy.cache.revision, copy.cache.latest
        answer = LongAnswer(_joined(await _listed(found, request), request, revision))
        copy.lists.asked(place, latest, answer)
        return answer

    async def _ready(self, request: Request) -> Copy:
        copy = self._copies.of(request.target.resource)
        if request.wants_fresh:
            await copy.fresh()
        elif not copy.settled(request.query.revision):
            if request.query.revision > copy.cache.revision:
                await copy.fresh()
            await copy.settle(request.query.revision)
        return copy


def selection_of(request: Request, *, one: bool = False) -> Selection:
    """Compile what a request selects; with `one`, only the object that its path names. Raises `Invalid`."""
    terms = _terms(request)
    if one:
        terms.append(FieldTerm("metadata.name", False, request.target.name))
    text = ",".join(map(str, terms))
    return Selection(request.target.resource, request.namespace(many=not one), request.query.labels, text)


def _terms(request: Request) -> list[FieldTerm]:
    """Say the field selector, which is in the words of the version, in those of the contract."""
    version, form = request.target.version, request.target.resource.form(request.target.version)
    made = []
    for term in fields.parse(request.query.fields):
        field = version.proto_field(form, term.field)
        if field is None:
            problem = f"{request.target.segment} cannot be selected by {term.field}"
            raise Invalid(problem, [Violation("field_selector", problem)])
        made.append(FieldTerm(field, term.negated, version.proto_value(form, term.field, term.value)))
    return made


async def _listed(found: Sequence[Item], request: Request) -> list[bytes]:
    """Take the JSON of items, and make what is not made yet, with room for others between."""
    view = request.view
    made: list[Any] = [item.listed_already(view) for item in found]
    missing = [place for place, text in enumerate(made) if text is None]
    for number, place in enumerate(missing):
        if number % _BREATH == 0:
            await asyncio.sleep(0)
        made[place] = found[place].listed(view)
    return made


def _joined(listed: Sequence[bytes], request: Request, revision: int) -> list[Stretch]:
    """Put items into their list, under each key that has them."""
    version, message = request.target.version, request.target.resource.kind.message
    head = version.list_head(message, revision, _self_link(request))
    version.put_items(head, [_MARK] if listed else [])
    *before, end = dumps(head).split(INDENT + _MARKED)
    return [*(Stretch(text, listed, b",\n") for text in before), Stretch(end)]


def _self_link(request: Request) -> str:
    if not request.target.namespaced or request.target.version.layout.namespace_in_path:
        return request.path
    return f"{request.path}?namespace={request.namespace(many=True)}"
