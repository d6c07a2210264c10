"""Empties namespaces that are to go: deletes all that they hold, and says so by the finalizer.

What they hold is listed when it is needed: hardly anything of a cluster is in a namespace that is to go.
"""

from __future__ import annotations

import asyncio
from typing import Any

import grpc.aio

from peapod.common.errors import NotFound, from_rpc
from peapod.common.follower import Key, key_of
from peapod.common.informer import Informer
from peapod.common.kinds import POD, Kind
from peapod.common.reconcile import ReconcileLoop
from peapod.controllers.namespaces.decide import CONTENTS, finalized, must_be_emptied
from peapod.v1.meta_pb2 import EventType
from peapod.v1.namespace_pb2 import Namespace
from peapod.v1.namespace_service_pb2 import FinalizeNamespaceRequest
from peapod.v1.namespace_service_rpc import NamespaceServiceClient

ANSWER_SECONDS = 10.0
CALLS_MOST = 50


class NamespaceCleaner:
    """Looks after every namespace that is to go."""

    def __init__(self, namespaces: Informer[Namespace], client: NamespaceServiceClient, channel: grpc.aio.Channel):
        self._namespaces = namespaces
        self._client = client
        self._contents = [(kind, kind.client(channel)) for kind in CONTENTS]
        self._hands = asyncio.Semaphore(CALLS_MOST)
        self._loop: ReconcileLoop[Key] = ReconcileLoop(
            "namespace", self, [namespaces], lambda: list(namespaces.objects)
        )
        self.run = self._loop.run
        namespaces.on_change(self._changed)

    async def reconcile(self, key: Key) -> str:
        """Empty one namespace; it lets nothing in meanwhile, and goes when nobody else holds it."""
        namespace = self._namespaces.objects.get(key)
        if namespace is None or not must_be_emptied(namespace):
            return ""
        counts = {kind.plural: await self._delete_all(kind, client, namespace) for kind, client in self._contents}
        if found := [f"{count} {plural}" for plural, count in counts.items() if count]:
            # What was on its way in when the namespace closed is found by another look.
            self._loop.add(key)
            return f"deleted {', '.join(found)}"
        request = FinalizeNamespaceRequest(namespace=finalized(namespace))
        response = await self._client.finalize_namespace(request, timeout=ANSWER_SECONDS)
        self._loop.wrote(key, self._namespaces, response.namespace.metadata.resource_version)
        return "empty"

    async def _delete_all(self, kind: Kind, client: Any, namespace: Namespace) -> int:
        """Delete the objects of a kind; return how many there were. Raises the first problem, when all were tried."""
        request = kind.request("List", namespace=namespace.metadata.name)
        found = (await kind.bound(client, "List")(request, timeout=ANSWER_SECONDS)).items
        calls = (self._delete_one(kind, client, one) for one in found)
        for problem in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(problem, BaseException):
                raise problem
        return len(found)

    async def _delete_one(self, kind: Kind, client: Any, one: Any) -> None:
        metadata = one.metadata
        # A node's own pods are removed on its behalf: it is told by its API what it may no longer show there.
        node = {"node_name": one.spec.node_name} if kind is POD else {}
        request = kind.request("Delete", namespace=metadata.namespace, name=metadata.name, uid=metadata.uid, **node)
        async with self._hands:
            try:
                await kind.bound(client, "Delete")(request, timeout=ANSWER_SECONDS)
            except grpc.aio.AioRpcError as error:
                if not isinstance(problem := from_rpc(error), NotFound):
                    raise problem from error

    def _changed(self, _kind: EventType, old: Namespace | None, new: Namespace | None) -> None:
        if (either := new or old) is not None:
            self._loop.add(key_of(either))
