"""`peapod stop`."""

from __future__ import annotations

import json

import pytest

from peapod.v1 import pod_service_pb2, service_pb2, service_service_pb2
from tests.service.cli.conftest import Outcome, Run, start
from tests.support import controllers
from tests.support.apiserver import Api
from tests.support.controllers import make_controller, obedient
from tests.support.objects import make_pod


async def create_service(api: Api, name: str) -> None:
    service = service_pb2.Service(metadata={"name": name, "namespace": "default", "labels": {"app": "shop"}})
    service.spec.ports.add(port=80)
    await api.services.create_service(service_service_pb2.CreateServiceRequest(service=service))


async def create_pod(api: Api, name: str) -> None:
    pod = make_pod(name, labels={"app": "shop"})
    await api.pods.create_pod(pod_service_pb2.CreatePodRequest(pod=pod))


async def test_a_controller_loses_its_pods_before_it_goes(peapod: Run, api: Api) -> None:
    await controllers.create(api, make_controller("web", 2), make_controller("other", 1))
    async with obedient(api) as manager:
        assert await peapod("stop", "rc", "web") == Outcome(0, "replicationControllers/web\n", "")
    assert ("web", 0) in manager.history
    assert await controllers.names(api) == ["other"]


async def test_a_controller_whose_pods_do_not_go_stays(peapod: Run, api: Api) -> None:
    await controllers.create(api, make_controller("web", 2))
    async with obedient(api) as manager:
        await manager.reached("web", 2)
    outcome = await peapod("stop", "rc/web", "--timeout", "300ms")
    why = 'ReplicationController "web" has 2 of 0 replicas after 0.3 s; run the command again to go on'
    assert outcome == Outcome(1, "", f"error: replicationControllers/web: {why}\n")
    assert (await controllers.read(api, "web")).spec.replicas == 0


async def test_a_controller_that_is_resized_meanwhile_is_emptied_anew(api: Api, peapod: Run) -> None:
    await controllers.create(api, make_controller("web", 1))
    async with obedient(api) as manager:
        await manager.reached("web", 1)
    process = await start(api.address, "stop", "rc", "web")
    await controllers.until(api, "web", lambda controller: controller.spec.replicas == 0)
    assert (await peapod("resize", "--replicas=2", "rc", "web")).status == 0
    await controllers.until(api, "web", lambda controller: controller.spec.replicas == 0)
    async with obedient(api):
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"replicationControllers/web\n", b"")
    assert await controllers.names(api) == []


async def test_pods_and_services_are_deleted_by_selector_and_by_file(peapod: Run, api: Api) -> None:
    await create_pod(api, "web")
    await create_service(api, "front")
    outcome = await peapod("stop", "pods,services", "-l", "app=shop")
    assert outcome == Outcome(0, "pods/web\nservices/front\n", "")
    assert await peapod("stop", "pods", "--all") == Outcome(0, "", "No resources found\n")
    await create_service(api, "front")
    file = json.dumps({"kind": "Service", "apiVersion": "v1beta1", "id": "front", "port": 80})
    assert await peapod("stop", "-f", "-", stdin=file) == Outcome(0, "services/front\n", "")


async def test_one_that_is_not_there_does_not_keep_the_others(peapod: Run, api: Api) -> None:
    await create_pod(api, "web")
    outcome = await peapod("stop", "pods", "nope", "web")
    assert outcome == Outcome(1, "pods/web\n", 'error: Pod "nope" not found in namespace default\n')


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("stop", "say of what: pods"),
        ("stop pods", "say which ones: by NAME, with -l SELECTOR, or with --all"),
        ("stop secrets key", "secrets cannot be stopped; peapod delete removes them"),
        ("stop pod web -f -", "say what to stop by -f FILE or by TYPE NAME, not both"),
        ("stop rc web --timeout soon", 'argument --timeout: "soon" is no duration such as 90s'),
    ],
)
async def test_what_cannot_be_stopped_is_said(peapod: Run, line: str, why: str) -> None:
    outcome = await peapod(*line.split())
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert outcome.err.startswith(f"error: {why}")
