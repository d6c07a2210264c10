"""Static pods from a directory of manifests, or from one file."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from peapod.codec.documents import SUFFIXES
from peapod.kubelet.inotify import REPLACEMENT, DirectoryEvents
from peapod.kubelet.sources.static_pods import StaticPods
from peapod.kubelet.sources.static_source import StaticSource

logger = logging.getLogger(__name__)

Contents = Mapping[Path, str | OSError | UnicodeDecodeError]
"""What each file has, or why it cannot be read."""


class ManifestDir(StaticSource):
    """Reads the manifests again whenever a file comes, goes or was written to its end.

    A place that cannot be watched, such as one whose parent is not there, is read every `seconds`. A directory that
    is not there has taken nothing away: the pods that it had stay.
    """

    def __init__(self, path: Path, pods: StaticPods, seconds: float) -> None:
        super().__init__("file", pods)
        self._path = path
        self._seconds = seconds
        self._events = DirectoryEvents(REPLACEMENT)
        self._single = False
        self._said = ""

    async def load(self) -> None:
        """Read everything."""
        was_read = True
        try:
            self._take(await asyncio.to_thread(read, self._path))
        except FileNotFoundError as error:
            was_read = self._miss(error)
        except OSError as error:
            was_read = self._keep(error)
        self._settle(was_read=was_read)

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            while True:
                with self._watching() as changed:
                    await self.load()
                    await changed()
        finally:
            self._events.close()

    def _miss(self, error: OSError) -> bool:
        """Tell whether that is an answer: a file was removed, but a directory may be on a disk that is not mounted."""
        if not self._single:
            return self._keep(error)
        self._pods.keep_only(())
        return True

    def _keep(self, error: OSError) -> bool:
        self._pods.keep(str(self._path), error.strerror or str(error))
        return False

    def _take(self, contents: Contents) -> None:
        self._single = self._path in contents
        self._pods.keep_only({str(path) for path in contents})
        for path, content in contents.items():
            if isinstance(content, OSError):
                self._pods.keep(str(path), content.strerror or str(content))
            elif isinstance(content, UnicodeDecodeError):
                self._pods.keep(str(path), f"byte {content.start} is not UTF-8 text")
            elif content.strip():
                self._pods.take(str(path), content, path.suffix)
            elif str(path) in self._pods:
                self._pods.keep(str(path), "is empty; remove it to remove its pods")

    @contextmanager
    def _watching(self) -> Iterator[Callable[[], Awaitable[object]]]:
        """Begin to watch, and give what waits for a change."""
        with ExitStack() as watches:
            yield self._watch(watches)

    def _watch(self, watches: ExitStack) -> Callable[[], Awaitable[object]]:
        changed = asyncio.Event()
        try:
            watches.enter_context(self._events.of(self._path.parent, self._path.name, changed))
            if self._path.is_dir():
                watches.enter_context(self._events.of(self._path, changed=changed))
        except OSError as error:
            self._say(f"{self._path} cannot be watched and is read every {self._seconds:g} s: {error.strerror}")
            return lambda: asyncio.sleep(self._seconds)
        return changed.wait

    def _say(self, sentence: str) -> None:
        if sentence != self._said:
            logger.warning("%s", sentence)
        self._said = sentence


def read(path: Path) -> Contents:
    """Read a file, or the manifests of a directory: no deeper, in order, and none whose name begins with a dot.

    Raises OSError when the path itself cannot be read.
    """
    if not path.is_dir():
        path.stat()
        return {path: _content(path)}
    files = (file for file in sorted(path.iterdir()) if file.suffix in SUFFIXES and not file.name.startswith("."))
    return {file: _content(file) for file in files if file.is_file()}


def _content(path: Path) -> str | OSError | UnicodeDecodeError:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return error
