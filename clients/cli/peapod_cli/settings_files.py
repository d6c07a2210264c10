"""The files that settings are in: which there are, what they say together, and how one is changed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from peapod.common.errors import Invalid
from peapod_cli import settings
from peapod_cli.defaults import DEFAULT_GATEWAY
from peapod_cli.settings import Document, Place

NAME = ".peapodconfig"
VARIABLE = "PEAPODCONFIG"
GATEWAY_VARIABLE = "PEAPOD_GATEWAY"


def local() -> Path:
    """Name the file of the current directory."""
    return Path(NAME)


def home() -> Path:
    """Name the user's file."""
    return Path(os.path.expanduser("~")) / NAME  # noqa: PTH111 (Path.home raises where there is none)


def named() -> Path | None:
    """Name the file that the environment names; None when it names none."""
    return Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None


def readable() -> Sequence[Path]:
    """List the files that count, the most important first: the one of the environment alone, else these two."""
    one = named()
    return [one] if one else [local(), home()]


def writable() -> Path:
    """Choose the file to change when none was chosen: the first that is there, else the last."""
    files = readable()
    return next((file for file in files if file.exists()), files[-1])


def load(files: Sequence[Path]) -> Document:
    """Read what files say together; one that is not there says nothing. Raises `Invalid` for one that is wrong."""
    return settings.merged([read(file) for file in files])


def current() -> Place:
    """Find out where the current context leads."""
    return settings.current(load(readable()))


def gateway(flag: str) -> str:
    """Find the gateway: by flag, environment or context, else where it is by default."""
    return flag or os.environ.get(GATEWAY_VARIABLE) or current().gateway or DEFAULT_GATEWAY


def read(file: Path) -> Document:
    """Read one file; raises `Invalid`, which names every wrong field."""
    try:
        text = file.read_text()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else "it is not UTF-8 text"
        raise Invalid(f"{file}: {(why or str(wrong)).lower()}") from None
    from peapod.codec.documents import documents_in

    try:
        document: Any = next(iter(documents_in(text, ".yaml")), {})
    except Invalid as wrong:
        raise Invalid(f"{file}: {wrong.message}") from None
    if found := list(settings.problems(document)):
        raise Invalid("; ".join(f"{file}: {problem}" for problem in found))
    return dict(document)


def write(file: Path, document: Document) -> None:
    """Replace a file at once, so that whoever reads it, or ends this now, finds the old one or the new one whole."""
    from peapod_cli.yaml_form import dump

    target = file.resolve()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f"{NAME}.")
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(dump(document) if document else "")
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
