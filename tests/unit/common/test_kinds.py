"""The rule by which the contract names things, held against the contract."""

from __future__ import annotations

import grpc
import pytest

from peapod.common import kinds
from peapod.common.kinds import KINDS, Kind
from peapod.common.rpc import Method


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.singular)
@pytest.mark.parametrize("verb", ["Create", "Get", "List", "Update", "Delete", "Watch"])
def test_each_kind_has_each_verb(kind: Kind, verb: str) -> None:
    request = kind.request(verb)
    assert request.DESCRIPTOR.name.startswith(verb)
    client = type(kind.client(None))  # type: ignore[arg-type]
    assert callable(kind.bound(client, verb))
    assert callable(kind.bound(type(kind.sync_client(None)), verb))  # type: ignore[arg-type]
    assert kind.response(verb).DESCRIPTOR.name == request.DESCRIPTOR.name.replace("Request", "Response")


class Silent:
    """A servicer that has every method, and a guard that lets everything pass."""

    def __getattr__(self, name: str) -> object:
        return lambda request, context: None

    def __call__(self, path: str, method: Method) -> Method:
        return method


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.singular)
def test_each_kind_is_served_as_its_service(kind: Kind) -> None:
    handler = kind.handler(Silent(), Silent())
    assert isinstance(handler, grpc.ServiceRpcHandler)
    assert handler.service_name() == kind.service
    with pytest.raises(AttributeError, match=kind.method("Create")):
        kind.handler(object(), Silent())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.singular)
def test_each_kind_is_found_by_its_message(kind: Kind) -> None:
    assert kinds.of_message(kind.message) is kind
    assert kinds.of_message(kind.message()) is kind
    answer = kind.request("Create", **{kind.singular: kind.message()})
    assert kind.of(answer) == kind.message()


def test_a_status_has_a_verb_of_its_own() -> None:
    assert kinds.NODE.request("UpdateStatus").DESCRIPTOR.name == "UpdateNodeStatusRequest"
    assert kinds.RESOURCE_QUOTA.request("UpdateStatus").DESCRIPTOR.name == "UpdateResourceQuotaStatusRequest"


def test_what_is_no_kind_is_not_found() -> None:
    with pytest.raises(KeyError):
        kinds.of_message(kinds.POD.request("Get"))
