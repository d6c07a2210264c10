"""Secrets by command: declared, counted, described without what is in them, and removed."""

from __future__ import annotations

import json

from tests.service.cli.conftest import Outcome, Run

SECRET = {
    "kind": "Secret",
    "apiVersion": "v1beta1",
    "id": "keys",
    "data": {"user": "YWRtaW4=", "password": "aHVudGVyMg=="},
}


async def test_a_secret_from_create_to_delete(peapod: Run) -> None:
    assert await peapod("create", "-f", "-", stdin=json.dumps(SECRET)) == Outcome(0, "keys\n", "")
    listed = await peapod("get", "secrets")
    assert [line.split() for line in listed.out.splitlines()] == [["NAME", "DATA"], ["keys", "2"]]
    wide = await peapod("get", "secret", "keys", "-o", "wide")
    assert wide.out.splitlines()[1].split()[:3] == ["keys", "2", "Opaque"]
    shown = await peapod("get", "secret", "keys", "-o", "json")
    assert json.loads(shown.out)["data"] == SECRET["data"]
    described = await peapod("describe", "secret", "keys")
    assert [line.split() for line in described.out.splitlines()[-4:-1]] == [
        ["NAME", "SIZE"],
        ["password", "7", "bytes"],
        ["user", "5", "bytes"],
    ]
    assert "hunter2" not in described.out
    assert "aHVudGVyMg" not in described.out
    assert (await peapod("delete", "secret", "keys")).status == 0
    assert (await peapod("get", "secrets")).out.splitlines()[1:] == []


async def test_a_wrong_secret_is_refused_without_its_value(peapod: Run) -> None:
    wrong = SECRET | {"data": {"password": "hunter2!", "Not_A_File": "aHVudGVyMg=="}}
    outcome = await peapod("create", "-f", "-", stdin=json.dumps(wrong))
    assert outcome == Outcome(1, "", "error: standard input: data[password]: must be base64\n")
    outcome = await peapod("create", "-f", "-", stdin=json.dumps(SECRET | {"data": {"Not_A_File": "aHVudGVyMg=="}}))
    assert outcome.status == 1
    assert outcome.err.startswith("error: standard input: data[Not_A_File]: the key must consist of")
    assert "hunter2" not in outcome.err
    assert "aHVudGVyMg" not in outcome.err
