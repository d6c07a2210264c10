"""`peapod rollingupdate`: put one replication controller in the place of another, pod by pod.

All that it knows is in the two controllers. Interrupted at any point and started again, it goes on from there.
"""

from __future__ import annotations

import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from peapod.common.errors import AlreadyExists, Invalid, NotFound, PeapodError, TooLate, Unavailable
from peapod.common.kinds import REPLICATION_CONTROLLER
from peapod_cli import kinds, objects, replicas, rolling
from peapod_cli.calls import Calls, Connection
from peapod_cli.conflicts import until_stored
from peapod_cli.console import Console
from peapod_cli.objects import Declared
from peapod_cli.rolling import Counts

if TYPE_CHECKING:
    from peapod.v1.replication_controller_pb2 import ReplicationController

USAGE = "peapod rollingupdate OLD -f NEW"


def run(arguments: Namespace, console: Console) -> None:
    """Update, saying each step, and print the new controller's name at the end.

    Raises `Invalid` when one cannot take the other's place, `AlreadyExists` when the new name is taken by a controller
    that is no update of the old one, and `TooLate` when pods do not come or go in time.
    """
    words = [word if "/" in word else f"rc/{word}" for word in arguments.words]
    _, [old_name] = kinds.one(words, USAGE, REPLICATION_CONTROLLER)
    new = _declared(arguments, console)
    if new is None:
        return
    with Connection(arguments.server) as connection:
        calls = connection.of(REPLICATION_CONTROLLER)
        update = _Update(calls, new, old_name, arguments, console)
        try:
            update.run()
        except TooLate as late:
            raise TooLate(f"{late.message}; run the command again to go on") from late


def _declared(arguments: Namespace, console: Console) -> Declared | None:
    """Read the new controller, which is alone in its file."""
    found = [item for items in objects.of_files(arguments.filename, console, arguments.scope) for item in items]
    if console.status:
        return None
    if len(found) != 1 or found[0].kind is not REPLICATION_CONTROLLER:
        raise Invalid(f"{', '.join(arguments.filename)}: must declare one ReplicationController and nothing else")
    return found[0]


class _Update:
    """One update, or the rest of one."""

    def __init__(self, calls: Calls, new: Declared, old_name: str, arguments: Namespace, console: Console) -> None:
        self._calls = calls
        self._declared = new
        self._namespace = new.message.metadata.namespace
        self._old_name = old_name
        self._period = arguments.update_period
        self._timeout = arguments.timeout
        self._console = console

    def run(self) -> None:
        old = self._calls.find(self._namespace, self._old_name)
        new = self._begun(old)
        if new is None:
            return
        if old is not None:
            self._replace(old, new)
        until_stored(lambda: self._forget(new))
        self._console.line(new.metadata.name)

    def _begun(self, old: ReplicationController | None) -> ReplicationController | None:
        """Find the new controller as an interrupted update has left it, or create it; None when it is refused."""
        wanted = self._declared.message
        there: ReplicationController | None = self._calls.find(self._namespace, wanted.metadata.name)
        if there is not None and rolling.goes_on(there, self._old_name, old):
            self._console.line(f"Continuing update with existing controller {there.metadata.name}.")
            return there
        if old is None:
            raise NotFound(f'ReplicationController "{self._old_name}" not found in namespace {self._namespace}')
        if problems := list(rolling.problems(old, wanted)):
            raise Invalid(f"{self._declared.place}: {'; '.join(problems)}")
        if there is not None:
            raise AlreadyExists(
                f'ReplicationController "{there.metadata.name}" exists already, and is no update of {self._old_name}'
            )
        return self._create(old)

    def _create(self, old: ReplicationController) -> ReplicationController | None:
        new = self._declared.message
        try:
            # As it is to be in the end: what would be refused then is not begun.
            self._calls.create(new, validate_only=True)
            rolling.begin(old, new)
            self._console.line(f"Creating {new.metadata.name}")
            created: ReplicationController = self._calls.create(new)
        except (Unavailable, TooLate):
            raise
        except PeapodError as error:
            self._declared.complain(error, self._console)
            return None
        return created

    def _replace(self, old: ReplicationController, new: ReplicationController) -> None:
        wanted, now = rolling.desired(new), Counts(old.spec.replicas, new.spec.replicas)
        while step := rolling.next_counts(now, wanted):
            self._say("At beginning of loop", step)
            self._resize(new, step.new)
            time.sleep(self._period)
            self._resize(old, step.old)
            self._say("At end of loop", step)
            now = step
        if now.old:
            self._console.line(f"Stopping {self._old_name} replicas: {now.old} -> 0")
        self._resize(old, 0)
        if now.new != wanted:
            self._console.line(f"Resizing {new.metadata.name} replicas: {now.new} -> {wanted}")
        self._resize(new, wanted)
        self._console.line(f"Update succeeded. Deleting {self._old_name}")
        self._calls.delete(self._namespace, self._old_name, uid=old.metadata.uid)

    def _say(self, when: str, counts: Counts) -> None:
        names = (self._old_name, self._declared.message.metadata.name)
        self._console.line(f"{when}: {names[0]} replicas: {counts.old}, {names[1]} replicas: {counts.new}")

    def _resize(self, controller: ReplicationController, count: int) -> None:
        """Ask for a number of pods, and wait until they are there."""
        metadata = controller.metadata
        asked = replicas.resize(self._calls, self._namespace, metadata.name, count, uid=metadata.uid)
        replicas.settle(self._calls, asked, self._timeout)

    def _forget(self, new: ReplicationController) -> Any:
        """Take from the new controller what says that an update goes on."""
        now: ReplicationController = self._calls.get(self._namespace, new.metadata.name)
        for key in (rolling.SOURCE, rolling.DESIRED):
            now.metadata.annotations.pop(key, "")
        return self._calls.update(now)
