"""A directory into which a git repository was cloned when the pod came."""

from __future__ import annotations

import re
from pathlib import Path

from peapod.kubelet.volumes import notes
from peapod.kubelet.volumes.remove import remove_tree
from peapod.kubelet.volumes.threads import in_thread
from peapod.kubelet.volumes.tools import run
from peapod.kubelet.volumes.volume import VolumeError, make_directory
from peapod.v1 import pod_pb2

_MODE = 0o777
_SECONDS = 600.0
_SCHEMES = ("file", "git", "http", "https", "ssh")
_OF_SCP = re.compile(r"[^/:]+:.+")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+~-]*")
_SILENT = {
    "GIT_ALLOW_PROTOCOL": ":".join(_SCHEMES),
    "GIT_ASKPASS": "",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS": "",
}
"""Never ask anybody, and lend pods no credentials but the keys that ssh itself finds."""
_OWN = ("-c", "credential.helper=", "-c", "core.askPass=", "-c", "core.hooksPath=/dev/null")


class GitRepo:
    """Clones once for each pod, with the system's git; the clone is the pod's, to do with as it likes."""

    source = "git_repo"
    plugin = "kubernetes.io~git-repo"
    scarce = False

    def refusal(self, volume: pod_pb2.Volume) -> str:
        """Refuse what git would take for an option, or for a program to run."""
        if problem := _problem(volume.git_repo.repository) or _name_problem(volume.git_repo.repository):
            return f'git_repo.repository "{volume.git_repo.repository}" {problem}'
        if volume.git_repo.revision.startswith("-"):
            return f'git_repo.revision "{volume.git_repo.revision}" begins with a dash'
        return ""

    async def set_up(self, pod: pod_pb2.Pod, volume: pod_pb2.Volume, place: Path) -> Path:
        """Clone into a folder of the repository's name, unless that was finished before."""
        if problem := self.refusal(volume):
            raise VolumeError(problem)
        note = notes.note_of(place)
        if notes.read(note) is None:
            await in_thread(remove_tree, place)
            make_directory(place, _MODE)
            await _clone(volume.git_repo, place)
            # The clone must survive what the note survives.
            await run("sync", "--file-system", place)
            await notes.write(note, "ready\n")
        return place

    async def tear_down(self, place: Path) -> None:
        """Delete the clone."""
        await in_thread(remove_tree, place)


async def _clone(source: pod_pb2.GitRepoVolumeSource, place: Path) -> None:
    # Through the transport even from this node's disk: a local clone shares its files with what it was made of.
    folder = place / _name(source.repository)
    await _git("clone", "--quiet", "--no-local", "--", source.repository, folder.name, cwd=place)
    if source.revision:
        await _git("checkout", "--quiet", source.revision, "--", cwd=folder)
        await _git("reset", "--quiet", "--hard", cwd=folder)


def _name(repository: str) -> str:
    """Name the folder of a clone, as git does by itself but for what is no name: it must be a folder of its own, or
    what is cloned could pass for the settings of a repository.
    """
    path = repository.rstrip("/").removesuffix("/.git").rstrip("/")
    return re.split("[/:]", path)[-1].removesuffix(".git")


async def _git(*arguments: str, cwd: Path) -> None:
    await run("git", *_OWN, *arguments, cwd=cwd, env=_SILENT, seconds=_SECONDS)


def _name_problem(repository: str) -> str:
    return "" if _NAME.fullmatch(_name(repository)) else "does not end in a name"


def _problem(repository: str) -> str:
    scheme, separator, _ = repository.partition("://")
    if repository.startswith("-") or not repository.isprintable():
        return "is no address"
    if re.match(r"[^/]*::", repository):
        return f"asks for the transport {repository.partition('::')[0]}, which is not supported"
    if separator:
        return "" if scheme in _SCHEMES else f"asks for {scheme}, which is not supported"
    return "" if repository.startswith("/") or _OF_SCP.match(repository) else "is neither a URL nor an absolute path"
