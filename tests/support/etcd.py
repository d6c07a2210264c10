"""Real etcd servers for tests, on loopback ports and in a directory of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
from etcd3.etcdrpc import rpc_pb2, rpc_pb2_grpc

READY_SECONDS = 30
_FAST_ELECTION = ("--heartbeat-interval=50", "--election-timeout=500")


class EtcdMember:
    """One etcd process, which keeps its ports and its data from one start to the next."""

    def __init__(self, directory: Path, name: str, client_port: int, peer_port: int) -> None:
        self.endpoint = f"127.0.0.1:{client_port}"
        self.name = name
        self.peer = f"http://127.0.0.1:{peer_port}"
        self.directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, arguments: Sequence[str]) -> None:
        command = [
            "etcd",
            f"--name={self.name}",
            f"--data-dir={self.directory / self.name}",
            f"--listen-client-urls=http://{self.endpoint}",
            f"--advertise-client-urls=http://{self.endpoint}",
            f"--listen-peer-urls={self.peer}",
            f"--initial-advertise-peer-urls={self.peer}",
            *_FAST_ELECTION,
            *arguments,
        ]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ETCD_")}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def wait_ready(self) -> None:
        """Return once it answers a read that its whole cluster agrees on."""
        with grpc.insecure_channel(self.endpoint, options=[("grpc.enable_http_proxy", 0)]) as channel:
            question = rpc_pb2.RangeRequest(key=b"ready?")
            try:
                rpc_pb2_grpc.KVStub(channel).Range(question, timeout=READY_SECONDS, wait_for_ready=True)
            except grpc.RpcError as error:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])
                raise RuntimeError(f"{self.name} is not ready: {error}\n{tail}") from error

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut would end its process; idempotent."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"


class EtcdServer:
    """An etcd of one member or several. A killed member comes back with its data when it is restarted."""

    def __init__(self, members: Sequence[EtcdMember], arguments: Sequence[str]) -> None:
        self.members = members
        cluster = ",".join(f"{member.name}={member.peer}" for member in members)
        self._arguments = (f"--initial-cluster={cluster}", *arguments)

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(member.endpoint for member in self.members)

    @property
    def url(self) -> str:
        """What `open_store` takes."""
        return f"etcd://{','.join(self.endpoints)}"

    def start(self) -> None:
        for member in self.members:
            member.start(self._arguments)
        for member in self.members:
            member.wait_ready()

    def kill(self, member: int = 0) -> None:
        """Kill a member with SIGKILL."""
        self.members[member].kill()

    def restart(self, member: int = 0) -> None:
        """Start a member again, killing it first if it runs, and return once it answers."""
        self.kill(member)
        self.members[member].start(self._arguments)
        self.members[member].wait_ready()


@contextmanager
def running_etcd(members: int = 1, arguments: Sequence[str] = ()) -> Iterator[EtcdServer]:
    """Run etcd, ready to answer, until the block ends; then nothing of it is left. Its writes are synced."""
    directory = Path(tempfile.mkdtemp(prefix="peapod-etcd-"))
    ports = _free_ports(2 * members)
    server = EtcdServer(
        [EtcdMember(directory, f"member{i}", ports[2 * i], ports[2 * i + 1]) for i in range(members)], arguments
    )
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, directory)
        for member in server.members:
            cleanup.callback(member.kill)
        server.start()
        yield server


def _free_ports(count: int) -> list[int]:
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
