"""A Docker engine of the test's own, which may be stopped and killed: its own data, its own socket, its own bridge."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path

import docker

from peapod.common import process
from peapod.kubelet.volumes.remove import mounted_below

PATIENCE = 90.0
"""Seconds within which an engine with sixty containers has started or stopped, on a busy machine."""

_bridges = itertools.count(1)


def why_missing() -> str:
    """Say why no engine can be started here; empty when one can."""
    if os.geteuid() != 0:
        return "only root can start a Docker engine"
    missing = [command for command in ("dockerd", "containerd", "ip") if shutil.which(command) is None]
    return f"there is no {missing[0]}; scripts/install-machine brings it" if missing else ""


class OwnEngine:
    """Is started, stopped and killed as often as a test likes; `own_engine` makes one."""

    def __init__(self, folder: Path, bridge: str, prefix: Sequence[str], flags: Sequence[str]) -> None:
        self.address = f"unix://{folder}/docker.sock"
        self.log = folder / "dockerd.log"
        self._folder = folder
        self._command = (
            *prefix,
            "dockerd",
            f"--host={self.address}",
            f"--data-root={folder}/data",
            f"--exec-root={folder}/exec",
            f"--pidfile={folder}/pid",
            f"--bridge={bridge}",
            f"--containerd-namespace={bridge}",
            f"--containerd-plugins-namespace={bridge}-plugins",
            "--iptables=false",
            "--ip6tables=false",
            "--ip-masq=false",
            "--ip-forward=false",
            "--shutdown-timeout=5",
            *flags,
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Return when it answers; that is what it tells whoever started it."""
        place = self._folder / "notify"
        place.unlink(missing_ok=True)
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as ready, self.log.open("ab") as log:
            ready.bind(str(place))
            ready.setblocking(False)
            environment = {**os.environ, "NOTIFY_SOCKET": str(place)}
            self._process = await asyncio.create_subprocess_exec(
                *self._command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
            died = asyncio.create_task(self._process.wait())
            said = asyncio.create_task(_read_until_ready(ready))
            try:
                await asyncio.wait({died, said}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
                assert said.done(), f"the engine did not start; the end of its log: {self.log.read_text()[-2000:]}"
            finally:
                await process.end(died, said)

    async def stop(self) -> None:
        """End it as a machine's shutdown does: it ends all containers first. One that does not run: nothing."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it by SIGKILL; the containers run on until it is started again."""
        await self._end(signal.SIGKILL)

    async def clear(self) -> None:
        """End it, and its containers if they outlived it."""
        if not self._runs():
            await self.start()
        await self.stop()

    def client(self) -> closing[docker.APIClient]:
        """Open a client, for a `with` block."""
        return closing(docker.APIClient(self.address, timeout=60))

    def _runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def _end(self, number: int) -> None:
        """End it together with its containerd. What says that they run goes too: where nobody reaps orphans, the next
        engine would take a dead containerd for one that lives.
        """
        engine = self._process
        if engine is None or not self._runs():
            return
        engine.send_signal(number)
        await asyncio.wait_for(engine.wait(), PATIENCE)
        pid = self._folder / "exec" / "containerd" / "containerd.pid"
        with suppress(FileNotFoundError, ProcessLookupError):
            await asyncio.wait_for(_death_of(int(pid.read_text())), PATIENCE)
        pid.unlink(missing_ok=True)
        (self._folder / "pid").unlink(missing_ok=True)


async def _death_of(pid: int) -> None:
    loop, died = asyncio.get_running_loop(), asyncio.Event()
    descriptor = os.pidfd_open(pid)
    loop.add_reader(descriptor, died.set)
    try:
        await died.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


@asynccontextmanager
async def own_engine(
    prefix: Sequence[str] = (), address: str = "", flags: Sequence[str] = ()
) -> AsyncGenerator[OwnEngine]:
    """Run an engine without images until the block ends; then nothing of it is left.

    Its containers are on a bridge with an address such as 10.231.7.1/24. With the prefix of a network namespace, both
    are in there.
    """
    with _folder() as folder, _bridge(prefix, address or f"10.231.{os.getpid() % 256}.1/24") as bridge:
        engine = OwnEngine(folder, bridge, prefix, flags)
        try:
            await engine.start()
            yield engine
        finally:
            await engine.clear()


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a directory with a path short enough for sockets; what is mounted in it is unmounted first in the end."""
    folder = Path(tempfile.mkdtemp(prefix="peapod-engine-"))
    try:
        yield folder
    finally:
        for mount in reversed(mounted_below(folder)):
            subprocess.run(["umount", "--lazy", mount], check=True)
        shutil.rmtree(folder)


@contextmanager
def _bridge(prefix: Sequence[str], address: str) -> Iterator[str]:
    name = f"peapod{os.getpid()}x{next(_bridges)}"
    _ip(prefix, "link", "add", "name", name, "type", "bridge")
    try:
        _ip(prefix, "address", "add", address, "dev", name)
        _ip(prefix, "link", "set", name, "up")
        yield name
    finally:
        _ip(prefix, "link", "delete", name)


async def _read_until_ready(ready: socket.socket) -> None:
    while b"READY=1" not in await asyncio.get_running_loop().sock_recv(ready, 4096):
        pass


def _ip(prefix: Sequence[str], *words: str) -> None:
    subprocess.run([*prefix, "ip", *words], check=True)
