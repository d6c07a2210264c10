import json
import logging
import re
import threading

import pytest

from peapod.common import logs
from peapod.common.logs import logging_to_stderr

logger = logging.getLogger("peapod.kubelet.worker")


def written(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_line_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to_stderr("kubelet", "text", "info"):
        logger.info("started %s", "web")
        logger.debug("not this")
    (line,) = written(capsys)
    time, rest = line.split(" ", 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time)
    assert rest == "INFO kubelet peapod.kubelet.worker started web"


def test_a_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to_stderr("kubelet", "json", "debug"):
        logger.debug("two\nlines of %s", "dürre")
    (line,) = written(capsys)
    fields = json.loads(line)
    assert fields.pop("time").endswith("Z")
    assert fields == {
        "level": "DEBUG",
        "service": "kubelet",
        "logger": "peapod.kubelet.worker",
        "message": "two\nlines of dürre",
    }


def test_no_message_makes_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to_stderr("kubelet", "text", "info"):
        logger.info("one\ntwo\r2026-01-01T00:00:00.000Z INFO forged")
    (line,) = written(capsys)
    assert line.endswith(r"one\ntwo\r2026-01-01T00:00:00.000Z INFO forged")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_trace_belongs_to_its_record(capsys: pytest.CaptureFixture[str], form: str) -> None:
    with logging_to_stderr("kubelet", form, "info"):
        try:
            raise RuntimeError("broken")
        except RuntimeError:
            logger.exception("failed")
    lines = written(capsys)
    if form == "json":
        (line,) = lines
        assert json.loads(line)["trace"].endswith("RuntimeError: broken")
    else:
        assert lines[0].endswith("failed")
        assert lines[-1] == "    RuntimeError: broken"
        assert all(line.startswith("    ") for line in lines[1:])


def test_a_message_is_what_it_was_when_it_was_logged(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["a"]
    with logging_to_stderr("kubelet", "text", "info"):
        logger.info("names %s", names)
        names.append("b")
    assert written(capsys)[0].endswith("names ['a']")


def test_a_wrong_call_does_not_stop_the_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's own would raise
    with logging_to_stderr("kubelet", "text", "info"):
        logger.info("%d pods", "many")
        logger.info("next")
    assert written(capsys)[-1].endswith("next")


def test_while_nobody_reads_lines_are_dropped_and_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, reading, room = threading.Event(), threading.Event(), threading.Event()

    def slowly(_: logging.Formatter, record: logging.LogRecord) -> str:
        busy.set()
        reading.wait(10)
        if record.msg == "line 9":
            room.set()
        return str(record.msg)

    monkeypatch.setattr(logs, "WAITING_MOST", 10)
    monkeypatch.setattr(logs.TextFormatter, "format", slowly)
    with logging_to_stderr("kubelet", "text", "info"):
        logger.info("line 0")
        assert busy.wait(10)
        for number in range(1, 100):
            logger.info("line %d", number)
        reading.set()
        assert room.wait(10)
        logger.info("at last")
    lines = written(capsys)
    assert lines[:11] == [f"line {number}" for number in range(11)]
    assert lines[11:] == ["(89 lines dropped before this one) at last"]


def test_logging_is_as_before_afterwards() -> None:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    with logging_to_stderr("kubelet", "text", "debug"):
        assert root.level == logging.DEBUG
    assert (root.level, list(root.handlers)) == before
