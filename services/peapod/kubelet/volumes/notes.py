"""What a kind of volume has to remember of a volume, in `<pod>/plugins/<plugin>/<volume>`, beside its content.

A note is there as a whole or not at all, also after a power cut, and it goes with the pod.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peapod.kubelet.volumes.threads import in_thread
from peapod.kubelet.volumes.volume import VolumeError


def note_of(place: Path) -> Path:
    """Say where the note is of the volume at `<pod>/volumes/<plugin>/<volume>`."""
    return place.parents[2] / "plugins" / place.parent.name / place.name


def place_of(note: Path) -> Path:
    """Say where the volume is of which this is the note."""
    return note.parents[2] / "volumes" / note.parent.name / note.name


def read(note: Path) -> str | None:
    """Return what was written; None when nothing was."""
    try:
        return note.read_text()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VolumeError(f"cannot read {note}: {error.strerror}") from error


async def write(note: Path, text: str) -> None:
    """Write, and return once it would survive a power cut."""
    await in_thread(_write, note, text)


async def forget(note: Path) -> None:
    """Take the note away; absent: nothing."""
    await in_thread(_forget, note)


def _write(note: Path, text: str) -> None:
    with _said(note):
        note.parent.mkdir(parents=True, exist_ok=True)
        draft = note.with_name(f".{note.name}.new")
        with draft.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(note)
        for folder in (note.parent, *note.parents[1:4]):
            _sync(folder)


def _forget(note: Path) -> None:
    with _said(note):
        note.unlink(missing_ok=True)
        if note.parent.exists():
            _sync(note.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _said(note: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise VolumeError(f"cannot write {note}: {error.strerror}") from error
