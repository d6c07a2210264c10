"""What a container sees of the node, and what it cannot touch."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from peapod.kubelet.runtime.runtime import Mount
from peapod.kubelet.runtime.sandbox import record
from peapod.kubelet.runtime.sandbox.bubblewrap import CAPABILITIES
from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from tests.service.sandbox_runtime.conftest import OpenRuntime, folder_of, names_in
from tests.support.runtimes import TestPod, output_of, read_log, until_exited

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="a plain user's container has a user namespace instead")


def exists(path: str) -> bool:
    return Path(path).exists()


LIBC_SIGNALS = 0b11 << 31
"""Signals 32 and 33 are the C library's own: no program can ask for them, so what a shell left ignored stays so."""


async def test_the_state_directory_is_hidden(runtime: SandboxRuntime, pod: TestPod, root: Path) -> None:
    assert names_in(root) != []
    assert (
        await output_of(pod, f"ls -A {root} 2> /dev/null; touch {root}/mark 2> /dev/null || echo closed") == "closed\n"
    )


async def test_other_directories_are_hidden_when_told(make: OpenRuntime, root: Path) -> None:
    secret = root.with_name(root.name + "-secret")
    secret.mkdir()
    (secret / "file").touch()
    runtime = make(hidden=[secret])
    await runtime.open()
    try:
        assert await output_of(TestPod(runtime, "host"), f"ls -A {secret} 2> /dev/null") == ""
    finally:
        (secret / "file").unlink()
        secret.rmdir()


async def test_the_nodes_files_are_read_only(pod: TestPod) -> None:
    assert await output_of(pod, "for d in / /etc /usr /var; do touch $d/mark 2>&1; done | grep -c Read-only") == "4\n"


async def test_temporary_folders_are_its_own(pod: TestPod) -> None:
    script = "for d in /tmp /var/tmp /run /dev/shm; do echo x > $d/mark && rm $d/mark && ls -A $d | grep -v shm; done"
    assert (await output_of(pod, script)).replace("resolvconf", "").replace("systemd", "").split() == []


async def test_the_nodes_settings_are_closed(pod: TestPod) -> None:
    assert await output_of(pod, "echo x 2> /dev/null > /proc/sys/kernel/domainname || echo closed") == "closed\n"


async def test_its_processes_are_all_it_sees(pod: TestPod) -> None:
    assert await output_of(pod, f"[ -e /proc/{os.getpid()} ] || echo alone") == "alone\n"


async def test_standard_input_is_empty(pod: TestPod) -> None:
    assert await output_of(pod, "readlink /proc/self/fd/0; cat") == "/dev/null\n"


@pytest.fixture
def _hang_ups_ignored() -> Iterator[None]:
    """As nohup has them."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("_hang_ups_ignored")
async def test_no_signal_is_ignored_or_blocked(pod: TestPod) -> None:
    lines = (await output_of(pod, command=["/bin/grep", "Sig[BI]", "/proc/self/status"])).splitlines()
    assert [int(line.split()[1], 16) & ~LIBC_SIGNALS for line in lines] == [0, 0]


async def test_no_file_of_the_supervisor_leaks(pod: TestPod) -> None:
    assert await output_of(pod, "ls /proc/$$/fd") == "0\n1\n2\n"


async def test_the_environment_is_clean(pod: TestPod, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_KUBELET", "1")
    names = {line.split("=")[0] for line in (await output_of(pod, command=["/usr/bin/env"])).splitlines()}
    assert names <= {"PATH", "HOME", "HOSTNAME", "PWD"}


async def test_the_loader_of_the_node_does_not_obey_the_pods_environment(pod: TestPod, tmp_path: Path) -> None:
    """Else a pod's author could load a library into bubblewrap, which is the node's root."""
    env = {"LD_PRELOAD": f"{tmp_path}/evil.so", "LD_DEBUG": "libs", "LD_DEBUG_OUTPUT": f"{tmp_path}/trace"}
    await output_of(pod, "true", env=env)
    assert names_in(tmp_path) == []


async def test_secrets_are_not_in_the_nodes_process_list(runtime: SandboxRuntime, pod: TestPod, root: Path) -> None:
    id = await pod.start("read line; sleep 1000", env={"PASSWORD": "a-secret-word"})
    fields = record.read(str(folder_of(root, id) / record.STARTED))
    assert fields is not None
    family = psutil.Process(int(fields["pid"]))
    assert not any("a-secret-word" in " ".join(one.cmdline()) for one in [family, *family.children(recursive=True)])


@as_root
async def test_root_inside_is_not_all_of_root(pod: TestPod) -> None:
    kept = int((await output_of(pod, "grep CapEff /proc/self/status")).split()[1], 16)
    assert kept.bit_count() == len(CAPABILITIES)
    assert not kept >> 21 & 1, "CAP_SYS_ADMIN"


@as_root
async def test_capabilities_can_be_dropped(pod: TestPod) -> None:
    launch = pod.launch("grep CapEff /proc/self/status")
    assert launch.container is not None
    launch.container.security_context.capabilities.drop.extend(["CHOWN", "cap_kill"])
    id = await pod.runtime.start(launch)
    await until_exited(pod.runtime, id)
    assert int((await read_log(pod.runtime, id)).split()[1], 16).bit_count() == len(CAPABILITIES) - 2


@pytest.mark.parametrize(
    "target", ["/data", "/deep/er/data", "/etc/peapod-test/conf.d", "/usr/share/peapod-test", "/run/x/y", "/tmp/x"]
)
async def test_a_mount_point_need_not_exist(pod: TestPod, tmp_path: Path, target: str) -> None:
    (tmp_path / "file").write_text("here")
    mounts = [Mount(str(tmp_path), target)]
    assert await output_of(pod, f"cat {target}/file; [ -e /etc/passwd ] && [ -x /bin/sh ]", mounts=mounts) == "here"
    assert not exists(target)


async def test_mounts_may_lie_in_each_other(pod: TestPod, tmp_path: Path) -> None:
    for name in ("outer", "inner"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    mounts = [Mount(str(tmp_path / "inner"), "/data/in"), Mount(str(tmp_path / "outer"), "/data")]
    assert await output_of(pod, "ls /data /data/in", mounts=mounts) == "/data:\nin\nouter\n\n/data/in:\ninner\n"


@pytest.mark.skipif(not Path("/var/run").is_symlink(), reason="/var/run is no symlink here")
async def test_a_mount_point_is_found_through_symlinks(pod: TestPod, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    mounts = [Mount(str(tmp_path), "/var/run/peapod-test")]
    assert await output_of(pod, "cat /run/peapod-test/file", mounts=mounts) == "here"


async def test_a_working_directory_that_is_absent(pod: TestPod) -> None:
    seen = await until_exited(pod.runtime, await pod.start("true", working_dir="/absent"))
    assert (seen.reason, seen.exit_code) == (record.CANNOT_RUN, 127)
    assert "/absent" in seen.message
