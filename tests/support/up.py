"""`peapod up`, as a user runs it until it has done its work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support.cluster import PATIENCE, Cluster
from tests.support.ports import free_port


@contextmanager
def interrupted_up(state: Path, node: str, *flags: str, runtime: str = "docker") -> Iterator[Cluster]:
    """Run it until the block ends, then press Ctrl-C: it must end well and leave no process."""
    api, gateway = (f"127.0.0.1:{free_port()}" for _ in range(2))
    command = [sys.executable, "-m", "peapod_cli", "up", "--runtime", runtime, "--state-dir", str(state), *flags]
    command += [
        "--cluster-dns-address",
        "127.0.0.1:0",
        "--apiserver-address",
        api,
        "--gateway-address",
        gateway,
        "--node-name",
        node,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            assert api in process.stdout.readline()
            with urllib.request.urlopen(f"http://{gateway}/healthz", timeout=PATIENCE) as answer:
                assert answer.read().strip() == b"ok"
            yield Cluster(api, (node,), gateway=gateway)
        finally:
            process.send_signal(signal.SIGINT)
            status = process.wait(PATIENCE)
    assert status == 0
    assert _left_over(process.pid) == []


def _left_over(session: int) -> list[str]:
    """Describe the processes that still belong to a session."""
    return [str(process) for process in psutil.process_iter() if _session(process.pid) == session]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0
