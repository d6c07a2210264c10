"""The frames of a command's WebSocket."""

from __future__ import annotations

import json

import pytest

from peapod.common.errors import Invalid, NotReady
from peapod.gateway.forward.node import channels
from peapod.v1.exec_pb2 import ExecInput, ExecOutput, TerminalSize


def test_what_a_client_says() -> None:
    assert channels.read(b"\0abc") == ExecInput(stdin=b"abc")
    assert channels.read(b'\4{"Width": 80, "Height": 24}') == ExecInput(size=TerminalSize(columns=80, rows=24))
    assert channels.read(b"\xff\0") == ExecInput(end=True)
    assert channels.read(b"") is channels.read(b"\0") is None


@pytest.mark.parametrize(
    "frame", [b"\1out", b"\7x", b"\4no", b"\4[]", b'\4{"Width": 1}', b'\4{"Width": -1, "Height": 1e9}', b"\xff\1"]
)
def test_what_no_client_may_say(frame: bytes) -> None:
    with pytest.raises(Invalid):
        channels.read(frame)


def test_what_a_command_says() -> None:
    assert channels.write(ExecOutput(stdout=b"a")) == b"\1a"
    assert channels.write(ExecOutput(stderr=b"b")) == b"\2b"


def status(frame: bytes) -> object:
    assert frame[0] == 3
    return json.loads(frame[1:])


def test_how_a_command_ended() -> None:
    assert status(channels.write(ExecOutput(exit_code=0))) == {"metadata": {}, "status": "Success"}
    assert status(channels.write(ExecOutput(exit_code=7))) == {
        "metadata": {},
        "status": "Failure",
        "message": "command terminated with non-zero exit code: exit status 7",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": "7"}]},
    }
    failure = status(channels.failure(NotReady("not running")))
    assert isinstance(failure, dict)
    assert (failure["status"], failure["message"]) == ("Failure", "not running")
