"""Services and their endpoints in one line each."""

from __future__ import annotations

from collections.abc import Mapping

from peapod.common.kinds import ENDPOINTS, SERVICE
from peapod.rules.service import HEADLESS
from peapod.v1 import endpoints_pb2, pod_pb2, service_pb2
from tests.support.apiserver import Api

TCP, UDP = pod_pb2.PROTOCOL_TCP, pod_pb2.PROTOCOL_UDP


def make_service(
    name: str,
    address: str = "",
    *,
    namespace: str = "default",
    port: int = 80,
    port_name: str = "",
    protocol: pod_pb2.Protocol = TCP,
) -> service_pb2.Service:
    """A service at a portal IP, or "None", of one port; its endpoints are managed by hand."""
    service = service_pb2.Service()
    service.metadata.name, service.metadata.namespace = name, namespace
    service.spec.cluster_ip = address
    service.spec.ports.add(name=port_name, port=port, protocol=protocol)
    return service


def make_headless(name: str, *, namespace: str = "default", port_name: str = "") -> service_pb2.Service:
    """A service without a portal IP."""
    return make_service(name, HEADLESS, namespace=namespace, port_name=port_name)


def make_endpoints(
    name: str, pods: Mapping[str, str], *, namespace: str = "default", port: int = 8080, port_name: str = ""
) -> endpoints_pb2.Endpoints:
    """Endpoints at addresses: of pods where these have names, which are the mapping's values."""
    endpoints = endpoints_pb2.Endpoints()
    endpoints.metadata.name, endpoints.metadata.namespace = name, namespace
    subset = endpoints.subsets.add()
    subset.ports.add(name=port_name, port=port, protocol=TCP)
    for address, pod in pods.items():
        made = subset.addresses.add(ip=address)
        if pod:
            made.target_ref.kind, made.target_ref.name, made.target_ref.namespace = "Pod", pod, namespace
    return endpoints


async def store_service(api: Api, service: service_pb2.Service) -> service_pb2.Service:
    return (await api.services.create_service(SERVICE.request("Create", service=service))).service


async def store_endpoints(api: Api, endpoints: endpoints_pb2.Endpoints) -> endpoints_pb2.Endpoints:
    return (await api.endpoints.create_endpoints(ENDPOINTS.request("Create", endpoints=endpoints))).endpoints


async def remove_service(api: Api, name: str, namespace: str = "default") -> None:
    await api.services.delete_service(SERVICE.request("Delete", name=name, namespace=namespace))
