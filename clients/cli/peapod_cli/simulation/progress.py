"""Shows how far a simulation is: bars on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from peapod_cli.console import Console

LINE_SECONDS = 5.0
"""How long there is no further line, unless something is complete."""

Tell = Callable[[str, int, int], None]
"""Has it shown of how many there are to be how many are there already: what, done, total."""


@contextmanager
def shown(console: Console) -> Iterator[Tell]:
    """Show inside the block what is told."""
    if not sys.stderr.isatty():
        yield Lines(console.note)
        return
    with _bars() as tell:
        yield tell


class Lines:
    """Says each thing when it is complete, and before that what comes after a while of silence."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._last = clock()
        self._complete: set[str] = set()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Take in how far it is."""
        now = self._clock()
        if what in self._complete or (done < total and now - self._last < LINE_SECONDS):
            return
        self._last = now
        self._say(f"{what}: {done} of {total}")
        if done == total:
            self._complete.add(what)


@contextmanager
def _bars() -> Iterator[Tell]:
    from rich.console import Console as Terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bars: dict[str, TaskID] = {}
    with Progress(*columns, console=Terminal(stderr=True), refresh_per_second=4) as progress:

        def tell(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done)

        yield tell
