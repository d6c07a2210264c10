"""A cluster that is disturbed in whatever order breaks no law on the way, and is as it was asked to be in the end.

With PEAPOD_LONG_TESTS=true it goes on for much longer. Nothing is shrunk: a cluster is never disturbed twice at exactly
the same moments.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import grpc.aio
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from peapod.apiserver.resources import node_report
from peapod.common.election import Election
from peapod.common.errors import AlreadyExists, Conflict, Forbidden, NotFound, from_rpc
from peapod.common.kinds import NAMESPACE, NODE, POD, REPLICATION_CONTROLLER, RESOURCE_QUOTA, SERVICE, Kind
from peapod.v1 import namespace_pb2, resource_quota_pb2, service_pb2
from tests.support.controllers import make_controller
from tests.support.following import following
from tests.support.kinds import Objects
from tests.support.kubelet import until_only
from tests.support.lengths import LONG
from tests.support.model.chronicle import chronicle
from tests.support.model.cluster import CONTROL, NODES, cluster
from tests.support.model.harmony import FOLLOWED, discords
from tests.support.objects import make_pod

EXAMPLES, STEPS = (300, 60) if LONG else (12, 40)
PATIENCE = 60.0
LEASE_SECONDS = 1
"""How long a leader that falls silent is waited for: about as long as one is held."""

T = TypeVar("T")

SPACES = ("default", "left", "right")
NAMES = ("shop", "bank")

spaces = st.sampled_from(SPACES)
names = st.sampled_from(NAMES)
counts = st.integers(0, 12)
places = st.integers(0, 1000)
nodes = st.sampled_from(NODES)
ends = st.sampled_from((*CONTROL, *NODES))


class Disturbed(RuleBasedStateMachine):
    """Asks for things, and disturbs whoever is to bring them about."""

    def __init__(self, runner: asyncio.Runner, folder: Path) -> None:
        super().__init__()
        self._runner = runner
        self._stack = AsyncExitStack()
        self._spaces = {"default"}
        self._healthy = True
        self._do(self._begin(folder))

    async def _begin(self, folder: Path) -> None:
        self._cluster = await self._stack.enter_async_context(cluster(folder))
        api = self._cluster.api
        self._seen = await self._stack.enter_async_context(following(api, *FOLLOWED))
        self._chronicle = await self._stack.enter_async_context(chronicle(api))
        self._objects = {kind: Objects(kind, api.channel) for kind in (*FOLLOWED, POD, NODE)}

    @initialize(sizes=st.lists(counts, min_size=6, max_size=6))
    def begin_with_something_everywhere(self, sizes: list[int]) -> None:
        for namespace in SPACES:
            self.create_namespace(namespace)
            for name in NAMES:
                self.create_controller(namespace, name, sizes.pop())
                self.create_service(namespace, name)

    @rule(namespace=spaces.filter("default".__ne__))
    def create_namespace(self, namespace: str) -> None:
        if self._do(self._create(NAMESPACE, namespace_pb2.Namespace(metadata={"name": namespace}))):
            self._spaces.add(namespace)

    @rule(namespace=spaces.filter("default".__ne__))
    def delete_namespace(self, namespace: str) -> None:
        self._spaces.discard(namespace)
        self._do(self._delete(NAMESPACE, namespace))

    @rule(namespace=spaces, name=names, replicas=counts)
    def create_controller(self, namespace: str, name: str, replicas: int) -> None:
        controller = make_controller(name, replicas, version=name)
        controller.metadata.namespace = namespace
        self._do(self._create(REPLICATION_CONTROLLER, controller))

    @rule(namespace=spaces, name=names, replicas=counts)
    def resize_controller(self, namespace: str, name: str, replicas: int) -> None:
        self._do(self._resize(namespace, name, replicas))

    @rule(namespace=spaces, name=names)
    def delete_controller(self, namespace: str, name: str) -> None:
        self._do(self._delete(REPLICATION_CONTROLLER, name, namespace=namespace))

    @rule(namespace=spaces, name=names, number=places)
    def create_pod(self, namespace: str, name: str, number: int) -> None:
        labels = {"app": "shop", "version": name}
        self._do(self._create(POD, make_pod(f"single-{number}", namespace=namespace, labels=labels)))

    @rule(place=places)
    def delete_pod(self, place: int) -> None:
        if keys := sorted(self._seen.objects(POD)):
            namespace, name = keys[place % len(keys)]
            self._do(self._delete(POD, name, namespace=namespace))

    @rule(namespace=spaces, name=names)
    def create_service(self, namespace: str, name: str) -> None:
        service = service_pb2.Service(metadata={"name": name, "namespace": namespace})
        service.spec.ports.add(port=80)
        service.spec.selector["version"] = name
        self._do(self._create(SERVICE, service))

    @rule(namespace=spaces, name=names)
    def delete_service(self, namespace: str, name: str) -> None:
        self._do(self._delete(SERVICE, name, namespace=namespace))

    @rule(namespace=spaces, pods=counts, services=st.integers(0, 2))
    def create_quota(self, namespace: str, pods: int, services: int) -> None:
        quota = resource_quota_pb2.ResourceQuota(metadata={"name": "quota", "namespace": namespace})
        quota.spec.hard.update({"pods": str(pods), "services": str(services)})
        self._do(self._create(RESOURCE_QUOTA, quota))

    @rule(namespace=spaces)
    def delete_quota(self, namespace: str) -> None:
        self._do(self._delete(RESOURCE_QUOTA, "quota", namespace=namespace))

    @rule(name=nodes)
    def silence(self, name: str) -> None:
        self._do(self._cluster.stop(name))

    @rule(name=nodes)
    def bring_back(self, name: str) -> None:
        self._do(self._cluster.start(name))

    @rule(name=st.sampled_from(CONTROL))
    def replace(self, name: str) -> None:
        self._do(self._replace(name))

    @rule(name=ends)
    def cut(self, name: str) -> None:
        self._cluster.wires[name].cut()

    @rule(name=ends, how=st.sampled_from(("hold", "hold_requests", "hold_answers")))
    def hold(self, name: str, how: str) -> None:
        getattr(self._cluster.wires[name], how)()

    @rule(name=ends)
    def release(self, name: str) -> None:
        self._cluster.wires[name].release()

    @rule(name=st.sampled_from(CONTROL), namespace=spaces, controller=names, replicas=counts)
    def overtake(self, name: str, namespace: str, controller: str, replicas: int) -> None:
        """Have what one decides arrive when the other is at work."""
        self._cluster.wires[name].hold_requests()
        self._do(self._resize(namespace, controller, replicas))
        self._do(asyncio.sleep(1.5 * LEASE_SECONDS))
        self._cluster.wires[name].release()

    @rule(seconds=st.sampled_from((0.05, 0.3, 1.0)))
    def let_time_pass(self, seconds: float) -> None:
        self._do(asyncio.sleep(seconds))

    @invariant()
    def breaks_no_law(self) -> None:
        self._do(self._chronicle.check())

    def teardown(self) -> None:
        try:
            if self._healthy:
                self._do(self._settle())
        finally:
            self._do(self._stack.aclose())

    async def _settle(self) -> None:
        """Have the cluster undisturbed, and wait until it is as it should be: by its objects, and on its nodes."""
        await self._cluster.heal()
        try:
            await self._seen.reached(await self._chronicle.check())
            await self._seen.until(lambda: not any(True for _ in discords(self._view())), PATIENCE)
        except TimeoutError:
            raise AssertionError("; ".join(discords(self._view()))) from None
        for name, runtime in self._cluster.runtimes.items():
            mine = {pod.metadata.uid for pod in self._seen.objects(POD).values() if pod.spec.node_name == name}
            await until_only(runtime, mine)
        await self._chronicle.check()

    def _view(self) -> dict[Kind, Any]:
        return {kind: self._seen.objects(kind) for kind in (*FOLLOWED, POD, NODE)}

    async def _replace(self, name: str) -> None:
        await self._cluster.stop(name)
        await self._cluster.start(name)

    async def _create(self, kind: Kind, obj: Any) -> bool:
        """Create an object; tell whether it is there. Nobody creates anything in a namespace that is not there."""
        if kind is not NAMESPACE and obj.metadata.namespace not in self._spaces:
            return False
        try:
            await self._objects[kind].create(obj)
        except grpc.aio.AioRpcError as error:
            return _is_expected(error)
        return True

    async def _delete(self, kind: Kind, name: str, **fields: str) -> None:
        try:
            await self._objects[kind].delete(name, **fields)
        except grpc.aio.AioRpcError as error:
            _is_expected(error)

    async def _resize(self, namespace: str, name: str, replicas: int) -> None:
        controllers = self._objects[REPLICATION_CONTROLLER]
        try:
            controller = await controllers.get(name, namespace=namespace)
            controller.spec.replicas = replicas
            await controllers.update(controller)
        except grpc.aio.AioRpcError as error:
            _is_expected(error)

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        """Let the cluster go on until some work is done."""
        try:
            return self._runner.run(work)
        except BaseException:
            self._healthy = False
            raise


def _is_expected(error: grpc.aio.AioRpcError) -> bool:
    """Return False for what may be answered to whoever does not know what is there; raise anything else."""
    if isinstance(from_rpc(error), AlreadyExists | Conflict | Forbidden | NotFound):
        return False
    raise error


@pytest.mark.timeout(6 * 3600 if LONG else 300)
def test_a_disturbed_cluster_breaks_no_law_and_finds_back(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_report, "STORE_SECONDS", 0)
    monkeypatch.setitem(Election.__init__.__kwdefaults__, "duration", LEASE_SECONDS)
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: Disturbed(runner, tmp_path_factory.mktemp("cluster")),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                phases=[Phase.generate],
                report_multiple_bugs=False,
                suppress_health_check=[*HealthCheck],
            ),
        )
