"""The kinds of the contract, and the names that it gives, by rule, to their messages and calls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import grpc
    import grpc.aio
    from google.protobuf.message import Message

    from peapod.common.rpc import Guard

_ON_MANY = frozenset({"List", "Watch"})


def _title(snake: str) -> str:
    return "".join(word.capitalize() for word in snake.split("_"))


def _snake(title: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in title).lstrip("_")


@dataclass(frozen=True)
class Kind:
    """One kind: how messages call a field that holds one, what many are called, and whether it lives in namespaces.

    Nothing of the kind is imported before it is asked for.
    """

    singular: str
    plural: str
    """Also the kind's part of every key in the store."""
    namespaced: bool = True

    @cached_property
    def title(self) -> str:
        """The name of its message and, with "Service" behind, of its service."""
        return _title(self.singular)

    @property
    def service(self) -> str:
        """The full name of its service."""
        return f"peapod.v1.{self.title}Service"

    @cached_property
    def message(self) -> type[Message]:
        """The type of its objects."""
        found: type[Message] = getattr(import_module(f"peapod.v1.{self.singular}_pb2"), self.title)
        return found

    def request(self, verb: str, **fields: Any) -> Any:
        """Make the request of a verb, such as "Create" or "UpdateStatus"."""
        return getattr(self._requests, f"{self._method(verb)}Request")(**fields)

    def response(self, verb: str) -> type[Message]:
        """The type of a verb's answers."""
        found: type[Message] = getattr(self._requests, f"{self._method(verb)}Response")
        return found

    def method(self, verb: str) -> str:
        """The name of a verb's method, of clients and of servicers."""
        return _snake(self._method(verb))

    def bound(self, client: object, verb: str) -> Any:
        """Find the method of a verb on a client of the kind."""
        return getattr(client, self.method(verb))

    def client(self, channel: grpc.aio.Channel) -> Any:
        """Make an asyncio client of the kind's service."""
        return getattr(self._stubs, f"{self.title}ServiceClient")(channel)

    def sync_client(self, channel: grpc.Channel) -> Any:
        """Make a blocking client of the kind's service."""
        return getattr(self._stubs, f"{self.title}ServiceSyncClient")(channel)

    def handler(self, servicer: object, guard: Guard) -> grpc.GenericRpcHandler:
        """Serve a servicer's methods as the kind's service; raises AttributeError where it lacks one."""
        made: grpc.GenericRpcHandler = getattr(self._stubs, f"{self.singular}_service_handler")(servicer, guard)
        return made

    def of(self, holder: Any) -> Any:
        """Take the object out of an answer, or out of a change."""
        return getattr(holder, self.singular)

    def _method(self, verb: str) -> str:
        if verb in _ON_MANY:
            return verb + _title(self.plural)
        # "UpdateStatus" of a pod is UpdatePodStatus.
        word, behind = (verb.removesuffix("Status"), "Status") if verb.endswith("Status") else (verb, "")
        return f"{word}{self.title}{behind}"

    @cached_property
    def _requests(self) -> Any:
        return import_module(f"peapod.v1.{self.singular}_service_pb2")

    @cached_property
    def _stubs(self) -> Any:
        return import_module(f"peapod.v1.{self.singular}_service_rpc")


POD = Kind("pod", "pods")
REPLICATION_CONTROLLER = Kind("replication_controller", "replication_controllers")
SERVICE = Kind("service", "services")
ENDPOINTS = Kind("endpoints", "endpoints")
NODE = Kind("node", "nodes", namespaced=False)
EVENT = Kind("event", "events")
NAMESPACE = Kind("namespace", "namespaces", namespaced=False)
SECRET = Kind("secret", "secrets")
LIMIT_RANGE = Kind("limit_range", "limit_ranges")
RESOURCE_QUOTA = Kind("resource_quota", "resource_quotas")
LEASE = Kind("lease", "leases", namespaced=False)

KINDS = (
    POD,
    REPLICATION_CONTROLLER,
    SERVICE,
    ENDPOINTS,
    NODE,
    EVENT,
    NAMESPACE,
    SECRET,
    LIMIT_RANGE,
    RESOURCE_QUOTA,
)
"""All that users declare."""

STORED = (*KINDS, LEASE)
"""All that are stored: also what processes keep for each other."""

_BY_TITLE = {kind.title: kind for kind in STORED}


def of_message(message: Message | type[Message]) -> Kind:
    """Find the kind that a message is an object of; raises KeyError where it is none."""
    return _BY_TITLE[message.DESCRIPTOR.name]
