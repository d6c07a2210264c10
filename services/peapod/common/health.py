"""Ask a service whether it serves: `python -m peapod.common.health ADDRESS`, for whatever watches over it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from peapod.common.channel import open_sync_channel
from peapod.common.rpc import SyncClient

PATIENCE = 5.0
"""Seconds for one answer."""


class HealthClient(SyncClient):
    """The standard health service."""

    def check(self, *, timeout: float) -> HealthCheckResponse:
        """Ask for the health of the server as a whole."""
        return self._unary("/grpc.health.v1.Health/Check", HealthCheckRequest(), HealthCheckResponse, timeout)

    def watch(self, *, timeout: float) -> Iterator[HealthCheckResponse]:
        """Stream the server's health: what it is now, then each change."""
        return self._stream("/grpc.health.v1.Health/Watch", HealthCheckRequest(), HealthCheckResponse, timeout)


def problem(address: str, *, wait_seconds: float = 0) -> str:
    """Say why the service at `address` cannot be used; empty when it serves.

    With `wait_seconds` it may take that long to come up and to begin serving.
    """
    with open_sync_channel(address) as channel:
        try:
            response = _wait(channel, wait_seconds) if wait_seconds else HealthClient(channel).check(timeout=PATIENCE)
        except grpc.FutureTimeoutError:
            return f"nobody answered in {wait_seconds:g} s"
        except grpc.RpcError as error:
            return f"{error.code().name}: {error.details()}"
    return "" if _serving(response) else HealthCheckResponse.ServingStatus.Name(response.status)


def _wait(channel: grpc.Channel, seconds: float) -> HealthCheckResponse:
    """Return the first response that says SERVING, or the last one; raise when the time is up."""
    end = time.monotonic() + seconds
    grpc.channel_ready_future(channel).result(timeout=seconds)
    response = HealthCheckResponse()
    for response in HealthClient(channel).watch(timeout=max(0.1, end - time.monotonic())):
        if _serving(response):
            break
    return response


def _serving(response: HealthCheckResponse) -> bool:
    return response.status == HealthCheckResponse.SERVING


def main(argv: list[str] | None = None) -> int:
    """Exit 0 when the service serves, or 1 with one line that says why not."""
    parser = argparse.ArgumentParser("peapod.common.health", description="Ask a Peapod service whether it serves.")
    parser.add_argument("address", help="the service's gRPC address, host:port")
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="how long it may take (default: 0)")
    arguments = parser.parse_args(argv)
    if found := problem(arguments.address, wait_seconds=arguments.wait):
        print(f"{arguments.address}: {found}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
