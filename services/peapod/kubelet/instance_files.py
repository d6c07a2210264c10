"""What the kubelet keeps on the disk for each instance of a container: its last words, and what was done for it.

Below `<root>/pods/<uid>/containers/<container>/<attempt>`; gone with the instance, or at the latest with the pod.
Everything here may block, and is called in threads.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

from peapod.kubelet.naming import ContainerName

MESSAGE_MOST = 4096
"""Bytes of a termination message that are read: the last ones."""

_MESSAGE = "termination-log"
_POST_START = "post-start-done"
_MODE = 0o750

logger = logging.getLogger(__name__)


class InstanceFiles:
    """The files of all instances of a node."""

    def __init__(self, root: Path) -> None:
        self._pods = root / "pods"

    def prepare(self, name: ContainerName) -> Path:
        """Make the file that a container may leave its termination message in, for all its users to write to.

        Idempotent: what was written stays. Raises OSError.
        """
        home = self._home(name)
        home.mkdir(_MODE, parents=True, exist_ok=True)
        place = home / _MESSAGE
        place.touch()
        place.chmod(0o666)
        return place

    def message(self, name: ContainerName) -> str:
        """Read an instance's termination message; empty when there is none, or none that can be read."""
        try:
            with (self._home(name) / _MESSAGE).open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - MESSAGE_MOST))
                return file.read(MESSAGE_MOST).decode(errors="replace").strip()
        except FileNotFoundError:
            return ""
        except OSError as error:
            logger.warning("cannot read the termination message of %s: %s", name, error)
            return ""

    def post_start_done(self, name: ContainerName) -> bool:
        """Tell whether the hook after the start was carried out; when in doubt, it was not."""
        return (self._home(name) / _POST_START).exists()

    def note_post_start(self, name: ContainerName) -> None:
        """Remember for the next kubelet that the hook was carried out; on a disk that is full, it is not."""
        home = self._home(name)
        try:
            home.mkdir(_MODE, parents=True, exist_ok=True)
            (home / _POST_START).touch()
        except OSError as error:
            logger.warning("cannot note that the postStart hook of %s was carried out: %s", name, error)

    def forget(self, name: ContainerName) -> None:
        """Delete an instance's files. What cannot be deleted now goes with the pod's directory."""
        home = self._home(name)
        with suppress(OSError):
            for file in (_MESSAGE, _POST_START):
                (home / file).unlink(missing_ok=True)
            home.rmdir()

    def _home(self, name: ContainerName) -> Path:
        return self._pods / name.uid / "containers" / name.container / str(name.attempt)
