"""The network container's program does what a first process must, and is what its source says."""

from __future__ import annotations

import platform
import shutil
import signal
import subprocess
import time
from pathlib import Path

import docker
import pytest

from peapod.kubelet.runtime import pause
from peapod.kubelet.runtime.docker import DockerRuntime
from tests.support.engine import labels
from tests.support.runtimes import TestPod, find

SOURCES = Path(pause.__file__).parent
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def tool(name: str, architecture: str) -> str:
    """Find a tool of the binutils that knows the architecture."""
    own = MACHINES.get(platform.machine()) == architecture
    prefixes = {"amd64": "x86_64-linux-gnu-", "arm64": "aarch64-linux-gnu-"}
    found = (shutil.which(name) if own else None) or shutil.which(prefixes[architecture] + name)
    return found or pytest.skip(f"there is no {name} for {architecture}; binutils brings it")


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_the_program_is_what_its_source_says(architecture: str, tmp_path: Path) -> None:
    assembler, copier = tool("as", architecture), tool("objcopy", architecture)
    made = tmp_path / "pause"
    subprocess.run([assembler, "-o", tmp_path / "pause.o", SOURCES / f"pause-{architecture}.s"], check=True)
    subprocess.run([copier, "-O", "binary", "-j", ".text", tmp_path / "pause.o", made], check=True)
    assert made.read_bytes() == pause.program(architecture)
    assert len(pause.program(architecture)) < 300


def test_another_architecture_is_refused_with_advice() -> None:
    with pytest.raises(LookupError, match=r"riscv64.*--network-image"):
        pause.root("riscv64")


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_it_leaves_at_once_when_told_to(name: signal.Signals, tmp_path: Path) -> None:
    program = tmp_path / "pause"
    program.write_bytes(pause.program(MACHINES[platform.machine()]))
    program.chmod(0o755)
    running = subprocess.Popen([program])
    running.send_signal(signal.SIGCHLD)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.2)
    running.send_signal(name)
    assert running.wait(10) == 0


@pytest.mark.docker
async def test_it_leaves_at_once_as_the_first_process(runtime: DockerRuntime, pod: TestPod) -> None:
    id = await pod.start_network()
    begin = time.monotonic()
    await runtime.stop(id, 30)
    assert time.monotonic() - begin < 5
    seen = await find(runtime, id)
    assert seen is not None
    assert seen.exit_code == 0


@pytest.mark.docker
async def test_it_reaps_orphans(pod: TestPod, engine: docker.APIClient) -> None:
    """A container that shares the network container's processes leaves it its orphans."""
    network = await pod.start_network()
    orphans = "for i in 1 2 3 4 5; do (sleep 1 &); done; grep -l 'PPid:.1$' /proc/[0-9]*/status | wc -l"
    zombies = "grep -l 'State:.Z' /proc/[0-9]*/status | wc -l"
    host = engine.create_host_config(pid_mode=f"container:{network}")
    script = ["sh", "-c", f"{orphans}; sleep 2; {zombies}"]
    id = engine.create_container(pod.image, script, host_config=host, labels=labels())["Id"]
    engine.start(id)
    engine.wait(id)
    assert engine.logs(id).split() == [b"5", b"0"]
    engine.remove_container(id)
