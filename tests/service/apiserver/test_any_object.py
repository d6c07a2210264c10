"""Whatever object a server is shown, it stores it as it is, or names what is wrong with it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peapod.apiserver.kinds import Kinds
from peapod.apiserver.resources.strategy import Strategy
from peapod.common.errors import Invalid, Unsupported, from_rpc
from peapod.common.kinds import KINDS, SERVICE, Kind
from tests.support.apiserver import OwnApi, running_apiserver
from tests.support.kinds import Objects
from tests.support.messages import messages
from tests.support.right_objects import RIGHT, said

REASONS = {"REQUIRED", "INVALID", "NOT_SUPPORTED", "DUPLICATE", "NOT_FOUND", "FORBIDDEN", "TOO_LONG"}

Run = Callable[[Coroutine[Any, Any, Any]], Any]

_names = (f"n{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs coroutines on the loop of the server."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="module")
def api(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnApi]:
    """One server for all that are drawn."""
    stack = AsyncExitStack()
    store = tmp_path_factory.mktemp("any") / "peapod.db"
    yield run(stack.enter_async_context(running_apiserver(store)))
    run(stack.aclose())


def strategy_of(served: Kinds, kind: Kind) -> Strategy[Any]:
    (found,) = (registry.strategy for registry in served.registries if registry.strategy.of == kind)
    return found


@pytest.mark.parametrize("kind", RIGHT, ids=lambda kind: kind.singular)
def test_what_breaks_no_rule_is_stored_and_read_back(api: OwnApi, run: Run, kind: Kind) -> None:
    objects = Objects(kind, api.channel)
    strategy = strategy_of(api.apiserver.kinds, kind)

    @settings(max_examples=60, deadline=None)
    @given(RIGHT[kind])
    def check(asked: Any) -> None:
        asked.metadata.name = next(_names)
        created = run(objects.create(asked))
        assert run(objects.get(asked.metadata.name)) == created
        strategy.set_defaults(asked)
        if kind is SERVICE and not asked.spec.cluster_ip:
            assert created.spec.cluster_ip
            asked.spec.cluster_ip = created.spec.cluster_ip
        assert said(created) == said(asked)
        updated = run(objects.update(run(objects.get(asked.metadata.name))))
        assert said(updated) == said(run(objects.get(asked.metadata.name)))
        run(objects.delete(asked.metadata.name))

    check()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.singular)
def test_what_is_refused_is_refused_by_field(api: OwnApi, run: Run, kind: Kind) -> None:
    objects = Objects(kind, api.channel)
    fields = kind.message.DESCRIPTOR.fields_by_name

    @settings(max_examples=60, deadline=None)
    @given(messages(kind.message), st.booleans())
    def check(asked: Any, named: bool) -> None:
        if named:
            asked.metadata.name, asked.metadata.namespace = next(_names), ""
        try:
            created = run(objects.create(asked))
        except grpc.RpcError as problem:
            error = from_rpc(problem)
            assert isinstance(error, Invalid | Unsupported)
            assert error.violations
            for wrong in error.violations:
                assert wrong.description
                assert wrong.reason in REASONS
                assert not wrong.field or wrong.field.split(".")[0].split("[")[0] in fields
        else:
            where = {"namespace": created.metadata.namespace} if kind.namespaced else {}
            assert run(objects.get(created.metadata.name, **where)) == created
            run(objects.remove(created.metadata.name, **where))

    check()
