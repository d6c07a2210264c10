"""The sandbox without root: a plain user's containers have a user namespace of their own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from peapod.kubelet.runtime.sandbox import bubblewrap
from tests.support.archives import small_rootfs

KUBELET = """
    import asyncio, os, sys
    from pathlib import Path
    from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
    from tests.support.executions import run
    from tests.support.runtimes import TestPod, find, output_of, until_ready

    async def main():
        assert os.geteuid() != 0
        runtime = SandboxRuntime("node", Path(sys.argv[1]))
        await runtime.open()
        print(await output_of(TestPod(runtime, "host"), "id -u; grep CapEff /proc/self/status; hostname"))
        await runtime.import_image(Path(sys.argv[2]), "small")
        pod = TestPod(runtime, "small")
        print(await output_of(pod, "id -u; mkdir /made; touch /made/x; ls /made"))
        id = await pod.start("trap 'exit 3' TERM; echo ready; while :; do sleep 1000 & wait; done", attempt=1)
        await until_ready(runtime, id)
        print(*await run(runtime, id, "id -u; head -c 5 /etc/passwd; cat; [ -t 0 ] || exit 4", input=b"read\\n"))
        host = await TestPod(runtime, "host").start("exec sleep 1000")
        print(*await run(runtime, host, "id -u; grep Cap /proc/self/status | grep -v 0000000000000000; tty", tty=True))
        await runtime.stop(id, 20)
        print((await find(runtime, id)).exit_code)
        for container in await runtime.list():
            await runtime.remove(container.id)
        print(await runtime.list())
        await runtime.close()

    asyncio.run(main())
"""
PRINTED = (
    "1000\nCapEff:\t0000000000000000\nweb\n\n0\nx\n\n"
    "4 b'0\\nroot:read\\n' b''\n0 b'1000\\r\\n/dev/pts/0\\r\\n' b''\n3\n[]\n"
)


@pytest.mark.skipif(os.geteuid() != 0, reason="all other tests run as a plain user already")
async def test_a_plain_user_runs_containers(root: Path, tmp_path: Path) -> None:
    """Root becomes one by a user namespace, so that the user may read this checkout wherever it is."""
    archive = tmp_path / "any.tar"
    await asyncio.to_thread(archive.write_bytes, small_rootfs().tar())
    plain = [bubblewrap.find(), "--dev-bind", "/", "/", "--unshare-user", "--uid", "1000", "--gid", "1000"]
    kubelet = await asyncio.create_subprocess_exec(
        *plain, "--", sys.executable, "-c", textwrap.dedent(KUBELET), root, archive, stdout=subprocess.PIPE
    )
    printed, _ = await kubelet.communicate()
    assert printed.decode() == PRINTED
