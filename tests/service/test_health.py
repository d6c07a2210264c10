"""`python -m peapod.common.health`, asked of a real server."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import HealthServicer
from grpc_health.v1.health_pb2 import HealthCheckResponse

from peapod.common import health


@pytest.fixture
def servicer() -> HealthServicer:
    return HealthServicer()


@pytest.fixture
def address(servicer: HealthServicer) -> Iterator[str]:
    with ThreadPoolExecutor() as pool:
        server = grpc.server(pool)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


def test_nothing_is_wrong_with_a_server_that_serves(address: str, servicer: HealthServicer) -> None:
    servicer.set("", HealthCheckResponse.SERVING)
    assert health.problem(address) == ""


def test_a_server_that_is_not_ready_says_so(address: str, servicer: HealthServicer) -> None:
    servicer.set("", HealthCheckResponse.NOT_SERVING)
    assert health.problem(address) == "NOT_SERVING"


def test_waiting_ends_when_the_server_becomes_ready(address: str, servicer: HealthServicer) -> None:
    servicer.set("", HealthCheckResponse.NOT_SERVING)
    timer = threading.Timer(0.2, servicer.set, ("", HealthCheckResponse.SERVING))
    timer.start()
    assert health.problem(address, wait_seconds=30) == ""
    timer.join()


def test_waiting_ends_when_the_time_is_up(address: str, servicer: HealthServicer) -> None:
    servicer.set("", HealthCheckResponse.NOT_SERVING)
    assert health.problem(address, wait_seconds=0.3).startswith("DEADLINE_EXCEEDED")


def test_the_command_exits_with_one_line_when_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        done = subprocess.run(
            [sys.executable, "-m", "peapod.common.health", address], capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"{address}: UNAVAILABLE")
    assert len(done.stderr.splitlines()) == 1
