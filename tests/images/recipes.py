"""The images that tests run: what is in each, out of this machine's Debian packages and no registry."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.images.rootfs import RootFs

GUESTBOOK = Path(__file__).parents[2] / "examples" / "guestbook" / "front-end" / "index.cgi"


@dataclass(frozen=True)
class Recipe:
    """How an image is made; `programs` are the machine's files that its content hangs on."""

    fill: Callable[[RootFs], None]
    command: Sequence[str]
    programs: Sequence[str]

    def rootfs(self) -> bytes:
        """Make the root file system as a tar archive."""
        root = RootFs()
        self.fill(root)
        return root.tar()

    def content(self) -> str:
        """Name what the image would hold if it were made now, without making it."""
        sources = [*sorted(Path(__file__).parent.glob("*.py")), *map(Path, self.programs)]
        digests = [hashlib.sha256(source.read_bytes()).digest() for source in sources]
        return hashlib.sha256(b"".join([*digests, json.dumps(self.command).encode()])).hexdigest()


def _busybox(root: RootFs) -> None:
    root.busybox()


def _redis(root: RootFs) -> None:
    root.busybox()
    root.program("/usr/bin/redis-server")
    root.directory("/data")


def _sshd(root: RootFs) -> None:
    root.busybox()
    root.program("/usr/sbin/sshd")
    root.directory("/run/sshd")
    root.file("/etc/ssh/sshd_config", "HostKey /etc/ssh/host_key\nUsePAM no\nPasswordAuthentication no\n")
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder, "key")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
        root.file("/etc/ssh/host_key", key.read_bytes(), 0o600)


def _guestbook(root: RootFs) -> None:
    root.busybox()
    root.program("/usr/bin/redis-cli")
    root.file("/www/cgi-bin/index.cgi", GUESTBOOK.read_bytes(), 0o755)


RECIPES = {
    "peapod-test/busybox:1": Recipe(_busybox, (), ["/bin/busybox"]),
    "peapod-test/guestbook:1": Recipe(
        _guestbook,
        # Who is first in a container hears SIGTERM only if it has asked for it.
        ("/bin/sh", "-c", "trap exit TERM; httpd -f -h /www & wait"),
        ["/bin/busybox", "/usr/bin/redis-cli", str(GUESTBOOK)],
    ),
    "peapod-test/redis:1": Recipe(
        _redis,
        ("/usr/bin/redis-server", "--save", "", "--dir", "/data", "--protected-mode", "no"),
        ["/bin/busybox", "/usr/bin/redis-server"],
    ),
    "peapod-test/sshd:1": Recipe(_sshd, ("/usr/sbin/sshd", "-D", "-e"), ["/bin/busybox", "/usr/sbin/sshd"]),
}
"""Each image by its name. The command is its CMD, and none has an ENTRYPOINT."""
