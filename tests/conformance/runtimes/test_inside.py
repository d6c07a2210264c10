"""What a container's program finds: environment, arguments, directory, mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from peapod.kubelet.runtime.runtime import ContainerGone, ImageError, LaunchError, Mount, Runtime
from peapod.v1 import pod_pb2
from tests.support.runtimes import TestPod, output_of, until_exited

HARMLESS = 'It\'s $HOME; "q" `x` \\ =ä\n2'


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_the_environment_arrives_as_it_is(pod: TestPod) -> None:
    env = {"PLAIN": "1", "HARD": HARMLESS, "EMPTY": ""}
    written = await output_of(pod, 'printf "%s|" "$PLAIN" "$HARD" "${EMPTY-unset}"', env=env)
    assert written == f"1|{HARMLESS}||"


async def test_there_is_a_path(pod: TestPod) -> None:
    assert await output_of(pod, "ls -d /") == "/\n"


async def test_command_and_args_are_joined_and_untouched(pod: TestPod) -> None:
    written = await output_of(pod, command=["/bin/sh", "-c"], args=['printf "%s|" "$@"', "me", "a b", "", HARMLESS])
    assert written == f"a b||{HARMLESS}|"


async def test_args_alone_run_in_an_image_without_entrypoint(pod: TestPod) -> None:
    assert await output_of(pod, args=["/bin/sh", "-c", "echo hello"]) == "hello\n"


async def test_the_working_directory_is_kept(pod: TestPod) -> None:
    assert await output_of(pod, "pwd", working_dir="/bin") in ("/bin\n", "/usr/bin\n")


async def test_the_first_process_is_the_containers_own(pod: TestPod) -> None:
    """A program sees its own processes only."""
    assert int(await output_of(pod, "ls -d /proc/[0-9]* | wc -l")) < 8


async def test_a_mount_is_shared_with_the_node(runtime: Runtime, pod: TestPod, tmp_path: Path) -> None:
    (tmp_path / "question").write_text("6 x 7")
    mounts = [Mount(str(tmp_path), "/data")]
    await until_exited(runtime, await pod.start("cat /data/question > /data/answer", mounts=mounts))
    assert (tmp_path / "answer").read_text() == "6 x 7"


async def test_a_file_is_mounted_too(pod: TestPod, tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("welcome\n")
    assert await output_of(pod, "cat /mnt/motd", mounts=[Mount(str(tmp_path / "motd"), "/mnt/motd")]) == "welcome\n"


async def test_a_read_only_mount_takes_no_writes(runtime: Runtime, pod: TestPod, tmp_path: Path) -> None:
    mounts = [Mount(str(tmp_path), "/data", read_only=True)]
    seen = await until_exited(runtime, await pod.start("touch /data/mark", mounts=mounts))
    assert seen.exit_code != 0
    assert names_in(tmp_path) == []


async def test_containers_share_what_both_mount(runtime: Runtime, pod: TestPod, tmp_path: Path) -> None:
    writer = await pod.start("echo there > /out/file", container="writer", mounts=[Mount(str(tmp_path), "/out")])
    await until_exited(runtime, writer)
    mounts = [Mount(str(tmp_path), "/in", read_only=True)]
    assert await output_of(pod, "cat /in/file", container="reader", mounts=mounts) == "there\n"


async def test_a_mount_whose_source_is_absent_is_refused(pod: TestPod, tmp_path: Path) -> None:
    """Nothing is made on the node behind the user's back."""
    with pytest.raises(LaunchError, match="absent"):
        await pod.start("true", mounts=[Mount(str(tmp_path / "absent"), "/data")])
    assert names_in(tmp_path) == []


async def test_what_a_container_writes_stays_in_it(pod: TestPod) -> None:
    mark = f"/tmp/mark-{pod.uid}"
    assert await output_of(pod, f"mkdir -p /tmp; touch {mark}; ls {mark}") == f"{mark}\n"
    assert await output_of(pod, f"ls {mark} 2> /dev/null", container="other") == ""
    assert Path(mark).name not in names_in(Path("/tmp"))


async def test_an_image_that_is_absent_is_not_started(runtime: Runtime, pod: TestPod) -> None:
    with pytest.raises(ImageError) as caught:
        await pod.start("true", image="peapod-test/absent:1")
    assert caught.value.reason.isalpha()


async def test_a_present_image_is_ensured_without_a_pull(runtime: Runtime, pod: TestPod) -> None:
    for policy in (pod_pb2.PULL_POLICY_NEVER, pod_pb2.PULL_POLICY_IF_NOT_PRESENT):
        assert await runtime.ensure_image(pod.image, policy) != ""


async def test_an_absent_image_is_never_pulled_when_the_policy_is_never(runtime: Runtime) -> None:
    with pytest.raises(ImageError) as caught:
        await runtime.ensure_image("peapod-test/absent:1", pod_pb2.PULL_POLICY_NEVER)
    assert caught.value.reason == "ErrImageNeverPull"


async def test_the_network_container_must_be_there(runtime: Runtime, pod: TestPod) -> None:
    if not runtime.network_container:
        pytest.skip("this runtime has no network containers")
    await runtime.remove(await pod.start_network())
    with pytest.raises(ContainerGone):
        await pod.start("true")
