"""Remembers across restarts how new the state was that this node acted on."""

from __future__ import annotations

import logging
from pathlib import Path

logger = logging.getLogger(__name__)


class Checkpoint:
    """The highest revision that was acted on, and the store that it is of (empty when not known), kept in a small
    file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.revision, self.store_id = _read(path)
        self._trouble = ""

    def move_to(self, revision: int, store_id: str) -> None:
        """Note a revision; a lower one of the same store changes nothing. A disk that takes no writes is said once,
        and no reason to stop.
        """
        if store_id == self.store_id and revision <= self.revision:
            return
        self.revision, self.store_id = revision, store_id
        draft = self.path.with_suffix(".new")
        try:
            draft.write_text(f"{revision} {store_id}\n")
            draft.replace(self.path)
            self._trouble = ""
        except OSError as error:
            if self._trouble != str(error):
                logger.warning("cannot keep the revision in %s: %s", self.path, error.strerror)
            self._trouble = str(error)


def _read(path: Path) -> tuple[int, str]:
    """Read the file; one that is absent or torn, as after a power cut, counts from the start."""
    try:
        revision, _, store_id = path.read_text().strip().partition(" ")
        return int(revision), store_id
    except (FileNotFoundError, ValueError):
        return 0, ""
