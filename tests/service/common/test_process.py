"""A whole process: signals, exit status, log."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

SCRIPT = """
import asyncio, logging, sys
from peapod.common.errors import Unavailable
from peapod.common.process import run

async def wait(stop):
    logging.getLogger("peapod.test").info("ready")
    await stop.wait()
    logging.getLogger("peapod.test").info("stopped")

async def refuse(stop):
    raise Unavailable("address already in use")

async def crash(stop):
    raise KeyError("oops")

sys.exit(run({what}, service="test", log_format={form!r}))
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    processes = []

    def start(what: str, form: str = "text") -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SCRIPT.format(what=what, form=form)]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_in_order(start: Start, number: signal.Signals) -> None:
    process = start("wait")
    assert process.stderr is not None
    assert process.stderr.readline().endswith(" INFO test peapod.test ready\n")
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (out, process.returncode) == ("", 0)
    assert err.endswith(" INFO test peapod.test stopped\n")
    assert err.count("\n") == 1


def test_an_error_that_explains_itself_is_one_line(start: Start) -> None:
    process = start("refuse")
    out, err = process.communicate(timeout=10)
    assert (out, process.returncode) == ("", 1)
    assert err.endswith(" CRITICAL test peapod.common.process stopped by an error: address already in use\n")
    assert err.count("\n") == 1


def test_a_bug_is_one_record_with_a_trace(start: Start) -> None:
    process = start("crash", "json")
    _, err = process.communicate(timeout=10)
    assert process.returncode == 1
    (line,) = err.splitlines()
    record = json.loads(line)
    assert (record["level"], record["service"]) == ("CRITICAL", "test")
    assert record["message"] == "stopped by an error: KeyError: 'oops'"
    assert "in crash" in record["trace"]


def test_nobody_reads_the_log(start: Start) -> None:
    process = start("wait")
    assert process.stderr is not None
    process.stderr.readline()
    process.stderr.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
