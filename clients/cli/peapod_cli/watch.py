"""`peapod get --watch`: what there is, then every change, across lost connections."""

from __future__ import annotations

import time

from peapod.common.backoff import Backoff
from peapod.common.errors import Expired, SlowWatcher, Unavailable
from peapod_cli.calls import Connection
from peapod_cli.kinds import Target
from peapod_cli.printers import Printer


def follow(connection: Connection, target: Target, namespace: str, selector: str, printer: Printer) -> None:
    """Show the objects and then each change, forever.

    A lost connection is resumed where it broke off; only when the server has forgotten that place is everything
    shown again. Raises `NotFound` for a name that is not there, and `Unavailable` when the server stays away.
    """
    from peapod.v1.meta_pb2 import EVENT_TYPE_DELETED

    calls = connection.of(target.kind)
    fields = f"metadata.name={target.names[0]}" if target.names else ""
    for name in target.names:
        calls.get(namespace, name)

    def snapshot() -> tuple[int, str]:
        listed = calls.list(namespace, selector, fields)
        printer.show(target.kind, list(listed.items))
        return listed.revision, listed.store_id

    revision, store_id = snapshot()
    backoff = Backoff(0.1, 5)
    while True:
        try:
            for batch in calls.watch(namespace, selector, fields, revision, store_id):
                for change, item in batch.changes:
                    printer.show_change(target.kind, item, gone=change == EVENT_TYPE_DELETED)
                revision = batch.revision or revision
                backoff.reset()
        except SlowWatcher:
            continue
        except Expired:
            revision, store_id = snapshot()
        except Unavailable:
            time.sleep(backoff.next())
            connection.wait()
