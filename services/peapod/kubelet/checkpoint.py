"""Remembers across restarts how new the state was that this node acted on."""

from __future__ import annotations

import logging
from pathlib import Path

logger = logging.getLogger(__name__)


class Checkpoint:
    """The highest revision that was acted on, kept in a small file. It only rises."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.revision = _read(path)
        self._trouble = ""

    def raise_to(self, revision: int) -> None:
        """Note a revision; a lower one changes nothing. A disk that takes no writes is said once, and no reason to
        stop.
        """
        if revision <= self.revision:
            return
        self.revision = revision
        draft = self.path.with_suffix(".new")
        try:
            draft.write_text(f"{revision}\n")
            draft.replace(self.path)
            self._trouble = ""
        except OSError as error:
            if self._trouble != str(error):
                logger.warning("cannot keep the revision in %s: %s", self.path, error.strerror)
            self._trouble = str(error)


def _read(path: Path) -> int:
    """Read the file; one that is absent or torn, as after a power cut, counts from the start."""
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return 0
