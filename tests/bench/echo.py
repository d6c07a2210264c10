"""A bare `grpc.aio` server: what a call costs before anything is done with it.

CreatePod and GetPod are answered with constant bytes of the size of the real answers; requests are decoded, as a
real server must.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

import grpc
import grpc.aio

from peapod.common import options
from peapod.v1 import pod_service_pb2 as pods
from tests.bench.pods import bench_pod

SERVICE = "peapod.v1.PodService"


async def serve(address: str) -> None:
    """Serve until killed."""
    answer = pods.CreatePodResponse(pod=bench_pod("answer")).SerializeToString()

    async def constant(request: Any, context: Any) -> bytes:
        return answer

    def handler(decode: Any) -> grpc.RpcMethodHandler[Any, Any]:
        return grpc.unary_unary_rpc_method_handler(constant, decode, lambda data: data)

    server = grpc.aio.server(options=options.SERVER)
    methods = {
        "CreatePod": handler(pods.CreatePodRequest.FromString),
        "GetPod": handler(pods.GetPodRequest.FromString),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    server.add_insecure_port(address)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--address")
    asyncio.run(serve(parser.parse_args().address))
