"""`peapod drain`: let no more pods come to a node, and delete those that are there."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Generator, Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from peapod.common.errors import Conflict, Invalid, NotFound, TooLate
from peapod.common.kinds import NODE, POD, REPLICATION_CONTROLLER
from peapod.rules.mirror import is_mirror
from peapod_cli import kinds, placing, tenants
from peapod_cli.calls import Connection
from peapod_cli.console import Console
from peapod_cli.following import Seen, follow
from peapod_cli.tenants import Tenants, called

if TYPE_CHECKING:
    from peapod.v1.pod_pb2 import Pod


def run(arguments: Namespace, console: Console) -> None:
    """Drain the node, and print what goes. Where a pod may not be deleted, nothing is done but to say so."""
    if len(arguments.words) != 1:
        raise Invalid("name one node: peapod drain NODE")
    name = kinds.one_node(arguments.words[0])
    with Connection(arguments.server) as connection:
        draining = _Draining(name, connection, console, force=arguments.force)
        connection.of(NODE).get("", name)
        there = draining.sorted(connection.of(POD).list("", fields=draining.fields).items)
        if draining.refuses(there):
            return
        placing.allow(connection.of(NODE), name, console, allowed=False)
        for pod in there.own:
            console.note(f"{called(pod)} is a static pod of the node, and stays")
        if draining.empty(arguments.timeout):
            console.line(f"{kinds.word(NODE)}/{name} drained")


class _Draining:
    """Empties one node."""

    def __init__(self, name: str, connection: Connection, console: Console, *, force: bool) -> None:
        self.fields = f"spec.node_name={name}"
        self._name = name
        self._pods = connection.of(POD)
        self._controllers = connection.of(REPLICATION_CONTROLLER)
        self._console = console
        self._force = force
        self._there: dict[str, Pod] = {}
        self._asked: set[str] = set()

    def sorted(self, pods: Iterable[Pod]) -> Tenants:
        """Tell which pods are which, as controllers are now."""
        return tenants.sort(pods, self._controllers.list("").items)

    def refuses(self, there: Tenants) -> bool:
        """Say which pods may not be deleted, and whether there are any."""
        refused = [] if self._force else there.alone
        for pod in refused:
            self._console.error(f"{called(pod)} is kept by no replication controller; --force deletes it for good")
        return bool(refused)

    def empty(self, seconds: float) -> bool:
        """Delete pods until none is left but the node's own; False when one has come that may not be deleted.

        Raises `TooLate` when it takes too long.
        """
        with closing(self._follow(seconds)) as changes:
            for seen in changes:
                self._take(seen)
                if not self._delete_new():
                    return False
                if all(is_mirror(pod) for pod in self._there.values()):
                    return True
        raise AssertionError("changes are followed until their time is over")

    def _follow(self, seconds: float) -> Generator[Seen, None, None]:
        try:
            yield from follow(self._pods, "", fields=self.fields, seconds=seconds)
        except TooLate as late:
            left = [called(pod) for pod in self._there.values() if not is_mirror(pod)]
            if not left:
                raise
            still = f"{len(left)} pods are left, such as {left[0]}"
            raise TooLate(f"{kinds.word(NODE)}/{self._name} is not empty after {seconds:g} s: {still}") from late

    def _take(self, seen: Seen) -> None:
        if not seen.changed:
            self._there.clear()
        for pod in seen.items:
            if seen.gone:
                self._there.pop(pod.metadata.uid, None)
            else:
                self._there[pod.metadata.uid] = pod

    def _delete_new(self) -> bool:
        """Delete those that were not deleted yet, unless one of them may not be."""
        new = [pod for uid, pod in self._there.items() if uid not in self._asked and not is_mirror(pod)]
        there = self.sorted(new) if new else Tenants([], [], [])
        if self.refuses(there):
            return False
        for pod in [*there.kept, *there.alone]:
            self._asked.add(pod.metadata.uid)
            self._delete(pod)
        return True

    def _delete(self, pod: Pod) -> None:
        try:
            self._pods.delete(pod.metadata.namespace, pod.metadata.name, uid=pod.metadata.uid)
        except (NotFound, Conflict):
            # It is gone, and another one may have its name.
            return
        self._console.line(called(pod))
