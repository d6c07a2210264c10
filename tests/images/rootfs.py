"""Root file systems of a few files, made of this machine's programs."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path


class RootFs:
    """A file system in the making; `tar` returns it. The same calls make the same bytes."""

    def __init__(self) -> None:
        self._members: dict[str, tuple[tarfile.TarInfo, bytes]] = {}

    def directory(self, path: str, mode: int = 0o755) -> None:
        """Make a directory and those above it."""
        self._add(path, tarfile.DIRTYPE, mode=mode)

    def file(self, path: str, content: bytes | str, mode: int = 0o644) -> None:
        """Put a file there, its directories included."""
        self._add(path, tarfile.REGTYPE, content.encode() if isinstance(content, str) else content, mode)

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link."""
        self._add(path, tarfile.SYMTYPE, mode=0o777).linkname = target

    def program(self, path: str) -> None:
        """Copy a program of this machine to the same place, with the libraries that it loads."""
        self.file(path, Path(path).read_bytes(), 0o755)
        for library in _libraries(path):
            self.file(library, Path(library).read_bytes(), 0o755)

    def busybox(self) -> None:
        """Add the static busybox under all its names, and what most programs take for granted."""
        self.program("/bin/busybox")
        names = subprocess.run(["/bin/busybox", "--list"], check=True, capture_output=True, text=True).stdout
        for name in names.split():
            if name != "busybox":
                self.link(f"/bin/{name}", "busybox")
        self.directory("/tmp", 0o1777)
        self.file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nsshd:x:104:65534::/run/sshd:/bin/false\n")
        self.file("/etc/group", "root:x:0:\nnogroup:x:65534:\n")

    def tar(self) -> bytes:
        """Write all as an archive, directories before what is in them."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for _, (member, content) in sorted(self._members.items()):
                archive.addfile(member, io.BytesIO(content))
        return buffer.getvalue()

    def _add(self, path: str, kind: bytes, content: bytes = b"", mode: int = 0o755) -> tarfile.TarInfo:
        name = path.strip("/")
        for parent in Path(name).parents:
            if str(parent) != "." and str(parent) not in self._members:
                self._add(str(parent), tarfile.DIRTYPE)
        member = tarfile.TarInfo(name)
        member.type, member.mode, member.size = kind, mode, len(content)
        self._members[name] = member, content
        return member


def _libraries(program: str) -> list[str]:
    """Ask the dynamic linker what a program loads; a static one loads nothing."""
    found = subprocess.run(["ldd", program], capture_output=True, text=True)
    if found.returncode:
        return []
    words = [line.split() for line in found.stdout.splitlines()]
    return [next(word for word in line if word.startswith("/")) for line in words if "/" in "".join(line)]
