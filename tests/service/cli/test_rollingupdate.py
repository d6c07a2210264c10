"""`peapod rollingupdate`, also when it is interrupted."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

from peapod_cli.rolling import DESIRED, SOURCE
from tests.service.cli.conftest import Outcome, Run, start
from tests.support import controllers
from tests.support.apiserver import Api, running_apiserver
from tests.support.controllers import make_controller, obedient

LABELS = {"app": "shop", "version": "2"}


DISK = {"name": "d", "source": {"persistentDisk": {"pdName": "d", "fsType": "ext4"}}}


def declared(
    name: str = "web-2", replicas: int = 2, labels: dict[str, str] | None = None, disk: bool = False, **more: Any
) -> str:
    labels = labels or LABELS
    containers = [{"name": "c", "image": "peapod-test/none:2"}]
    # Only one pod may write on it.
    manifest = {"version": "v1beta1", "containers": containers, "volumes": [DISK] if disk else []}
    state = {
        "replicas": replicas,
        "replicaSelector": labels,
        "podTemplate": {"labels": labels, "desiredState": {"manifest": manifest}},
    }
    return yaml.safe_dump(
        {"kind": "ReplicationController", "apiVersion": "v1beta1", "id": name, "desiredState": state} | more
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "new.yaml").write_text(declared())
    return tmp_path / "new.yaml"


def update(file: Path | str, *flags: str) -> tuple[str, ...]:
    return ("rollingupdate", "web-1", "-f", str(file), "--update-period", "0s", "--timeout", "20s", *flags)


async def test_one_comes_and_one_goes_until_all_are_new(peapod: Run, api: Api, file: Path) -> None:
    await controllers.create(api, make_controller("web-1", 3))
    async with obedient(api) as manager:
        await manager.reached("web-1", 3)
        outcome = await peapod(*update(file))
    assert outcome == Outcome(
        0,
        "Creating web-2\n"
        "At beginning of loop: web-1 replicas: 2, web-2 replicas: 1\n"
        "At end of loop: web-1 replicas: 2, web-2 replicas: 1\n"
        "At beginning of loop: web-1 replicas: 1, web-2 replicas: 2\n"
        "At end of loop: web-1 replicas: 1, web-2 replicas: 2\n"
        "Stopping web-1 replicas: 1 -> 0\n"
        "Update succeeded. Deleting web-1\n"
        "web-2\n",
        "",
    )
    assert manager.history == [("web-1", 3), ("web-2", 1), ("web-1", 2), ("web-2", 2), ("web-1", 1), ("web-1", 0)]
    assert await controllers.names(api) == ["web-2"]
    new = await controllers.read(api, "web-2")
    assert (new.spec.replicas, dict(new.metadata.annotations)) == (2, {})


async def test_more_than_there_were_come_at_the_end(peapod: Run, api: Api, tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(declared(replicas=4))
    await controllers.create(api, make_controller("web-1", 1))
    async with obedient(api):
        lines = (await peapod(*update(tmp_path / "more.yaml"))).out.splitlines()
    assert lines[-3:] == ["Resizing web-2 replicas: 1 -> 4", "Update succeeded. Deleting web-1", "web-2"]


@pytest.mark.parametrize("lines", range(1, 7))
async def test_interrupted_after_any_line_it_goes_on(peapod: Run, api: Api, file: Path, lines: int) -> None:
    await controllers.create(api, make_controller("web-1", 2))
    async with obedient(api) as manager:
        await manager.reached("web-1", 2)
        process = await start(api.address, *update(file))
        assert process.stdout
        for _ in range(lines):
            assert await process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, err = await process.communicate()
        assert err == b""
        again = await peapod(*update(file))
    if process.returncode == 0:
        # It was done before the signal came.
        assert rest.endswith(b"web-2\n")
    else:
        assert process.returncode == -signal.SIGINT
        first = again.out.splitlines()[0]
        assert (again.status, again.err) == (0, "")
        assert first in ("Creating web-2", "Continuing update with existing controller web-2.")
    assert await controllers.names(api) == ["web-2"]
    new = await controllers.read(api, "web-2")
    assert (new.spec.replicas, new.status.replicas, dict(new.metadata.annotations)) == (2, 2, {})


async def test_an_apiserver_that_is_away_for_a_while_is_waited_for(tmp_path: Path, file: Path) -> None:
    async with running_apiserver(tmp_path / "store") as api:
        address = api.address
        await controllers.create(api, make_controller("web-1", 2))
        process = await start(address, *update(file))
        await controllers.until(api, "web-2", lambda controller: controller.spec.replicas == 1)
    async with running_apiserver(tmp_path / "store", address=address) as api, obedient(api):
        out, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")
        assert out.endswith(b"\nweb-2\n")
        assert await controllers.names(api) == ["web-2"]


async def test_an_update_that_has_only_to_be_forgotten_is_ended(peapod: Run, api: Api, file: Path) -> None:
    """What is left when the end came between the deletion of the old controller and the last line."""
    new = make_controller("web-2", 2, version="2")
    new.metadata.annotations.update({SOURCE: "web-1:gone", DESIRED: "2", "own": "kept"})
    await controllers.create(api, new)
    outcome = await peapod(*update(file))
    assert outcome == Outcome(0, "Continuing update with existing controller web-2.\nweb-2\n", "")
    assert dict((await controllers.read(api, "web-2")).metadata.annotations) == {"own": "kept"}


async def test_pods_that_do_not_come_in_time_end_it_where_it_can_go_on(peapod: Run, api: Api, file: Path) -> None:
    await controllers.create(api, make_controller("web-1", 2))
    outcome = await peapod(*update(file, "--timeout", "300ms"))
    why = 'ReplicationController "web-2" has 0 of 1 replicas after 0.3 s; run the command again to go on'
    assert (outcome.status, outcome.errors) == (1, [f"error: {why}"])
    async with obedient(api):
        assert (await peapod(*update(file))).out.splitlines()[-1] == "web-2"
    assert await controllers.names(api) == ["web-2"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (declared("web-1"), "new.yaml: the new controller needs another name than web-1"),
        (declared(labels={"app": "shop"}), "new.yaml: the selector of the new controller needs a key of the old one's"),
        (declared(replicas=0), "new.yaml: the new controller needs at least 1 replica"),
        (declared("taken"), 'ReplicationController "taken" exists already, and is no update of web-1'),
        (declared(disk=True), "new.yaml: desiredState.podTemplate.desiredState.manifest.volumes[0]"),
        (declared("Bad"), "new.yaml: id: must consist of"),
        (declared(frob=1), "new.yaml: frob: unknown field"),
        (declared() + "---\n" + declared("web-3"), "new.yaml: must declare one ReplicationController and nothing else"),
        ('{"kind": "Service", "apiVersion": "v1beta1", "id": "x", "port": 1}', "new.yaml: must declare one"),
    ],
)
async def test_what_cannot_be_updated_is_said_and_nothing_changes(
    peapod: Run, api: Api, tmp_path: Path, text: str, why: str
) -> None:
    await controllers.create(api, make_controller("web-1", 2), make_controller("taken", 1, version="2"))
    (tmp_path / "new.yaml").write_text(text)
    outcome = await peapod(*update(tmp_path / "new.yaml"))
    assert outcome.status == 1
    assert len(outcome.errors) == 1
    assert outcome.err.replace(f"{tmp_path}/", "").startswith(f"error: {why}")
    assert await controllers.names(api) == ["taken", "web-1"]
    assert (await controllers.read(api, "web-1")).spec.replicas == 2


async def test_an_old_controller_that_is_not_there_is_said(peapod: Run, file: Path) -> None:
    outcome = await peapod(*update(file))
    assert outcome == Outcome(1, "", 'error: ReplicationController "web-1" not found in namespace default\n')
