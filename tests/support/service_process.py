"""A service as a process of its own, which a test may kill at any moment and start again at the same address."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from peapod.common.channel import open_channel
from tests.support.ports import free_port


class ServiceProcess:
    """`python -m module --address ADDRESS arguments`, logging to a file; `flag` names the address of its gRPC port,
    which is any that is free unless it is given. With the prefix of a network namespace it runs in there.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        log: Path,
        *,
        flag: str = "--address",
        address: str = "",
        prefix: Sequence[str] = (),
    ) -> None:
        self.address = address or f"127.0.0.1:{free_port()}"
        self._command = (*prefix, sys.executable, "-m", module, flag, self.address, *arguments)
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The process's id; it has been started."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start the process, and return when its gRPC port accepts calls."""
        await self.begin()
        channel = open_channel(self.address)
        try:
            await asyncio.wait_for(channel.channel_ready(), 30)
        finally:
            await channel.close()

    async def begin(self) -> None:
        """Start the process, and wait for nothing."""
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(*self._command, stdout=output, stderr=output)

    async def kill(self) -> None:
        """End it by SIGKILL."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    def pause(self) -> None:
        """Hold it in the middle of whatever it does, with its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def stop(self) -> int:
        """End it by SIGTERM unless it has ended already or never started, and return its exit status."""
        if self._process is None:
            return 0
        if self._process.returncode is None:
            self._process.terminate()
            self.resume()
        return await self._process.wait()


@asynccontextmanager
async def running(module: str, arguments: Sequence[str], log: Path) -> AsyncGenerator[ServiceProcess]:
    """Run a service until the block ends."""
    process = ServiceProcess(module, arguments, log)
    try:
        await process.start()
        yield process
    finally:
        await process.stop()
