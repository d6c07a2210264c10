"""A program that takes a lease and, under it, creates a pod for each name that it reads; made to be paused."""

from __future__ import annotations

import asyncio
import sys

import grpc

from peapod.common.channel import open_channel
from peapod.common.errors import from_rpc
from peapod.common.fence import fenced
from peapod.v1.lease_pb2 import Lease
from peapod.v1.lease_service_pb2 import CreateLeaseRequest
from peapod.v1.lease_service_rpc import LeaseServiceClient
from peapod.v1.pod_service_pb2 import CreatePodRequest
from peapod.v1.pod_service_rpc import PodServiceClient
from tests.support.objects import make_pod


async def main(address: str, name: str) -> None:
    lease = Lease(metadata={"name": name}, spec={"holder_identity": "one", "lease_duration_seconds": 1})
    async with open_channel(address) as channel:
        held = (await LeaseServiceClient(channel).create_lease(CreateLeaseRequest(lease=lease))).lease
        token = f"{name}/{held.spec.transitions}"
        pods = PodServiceClient(fenced(channel, lambda: token))
        print("held", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(await _create(pods, line.strip()), flush=True)


async def _create(pods: PodServiceClient, name: str) -> str:
    try:
        await pods.create_pod(CreatePodRequest(pod=make_pod(name)), timeout=20)
    except grpc.RpcError as error:
        return from_rpc(error).reason
    return "created"


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
